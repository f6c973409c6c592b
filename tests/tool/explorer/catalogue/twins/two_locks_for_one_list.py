"""One list, one lock."""

import threading


class Room:
    def __init__(self):
        self.names = ["ann"]
        self.lock = threading.Lock()

    def join(self, name):
        with self.lock:
            names = list(self.names)
            names.append(name)
            self.names = names

    def leave(self, name):
        with self.lock:
            names = list(self.names)
            names.remove(name)
            self.names = names


def setup():
    return Room()


def ann(room):
    room.leave("ann")


def bob(room):
    room.join("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.names == ["bob"], f"Ann has left, bob has joined, and in the room are {room.names}."
