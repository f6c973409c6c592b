"""The lock makes one step of reading and writing."""

import threading


class Room:
    def __init__(self):
        self.lines = 0
        self.lock = threading.Lock()

    def said(self):
        with self.lock:
            self.lines += 1


def setup():
    return Room()


def ann(room):
    room.said()


def bob(room):
    room.said()


WORKERS = [ann, bob]


def check(room):
    assert room.lines == 2, f"Two lines were said, and {room.lines} counted."
