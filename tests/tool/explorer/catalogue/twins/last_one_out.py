"""Who is the last is settled under the lock."""

import threading


class Room:
    def __init__(self):
        self.inside = 2
        self.lock = threading.Lock()
        self.log = []

    def leave(self):
        with self.lock:
            self.inside -= 1
            last = self.inside == 0
        if last:
            self.log.append("closed")


def setup():
    return Room()


def ann(room):
    room.leave()


def bob(room):
    room.leave()


WORKERS = [ann, bob]


def check(room):
    assert room.log == ["closed"], f"What was done: {room.log}."
