"""Look and removal under one lock; goodbye is for who has removed it."""

import threading


class Room:
    def __init__(self):
        self.names = ["ann", "bob"]
        self.said = []
        self.lock = threading.Lock()

    def remove(self, name):
        with self.lock:
            if name not in self.names:
                return
            self.names.remove(name)
        self.said.append(f"goodbye {name}")


def setup():
    return Room()


def reader(room):
    room.remove("ann")


def sender(room):
    room.remove("ann")


WORKERS = [reader, sender]


def check(room):
    assert room.said == ["goodbye ann"], f"Said was {room.said}."
