"""The call comes first, and the lock guards the sum."""

import threading


class Room:
    def __init__(self):
        self.bytes = 0
        self.lock = threading.Lock()

    def said(self, line):
        size = self.size(line)
        with self.lock:
            self.bytes += size

    def size(self, line):
        return len(line.encode()) + 1


def setup():
    return Room()


def ann(room):
    room.said("hello")


def bob(room):
    room.said("hi")


WORKERS = [ann, bob]


def check(room):
    assert room.bytes == 9, f"9 bytes were said, and {room.bytes} counted."
