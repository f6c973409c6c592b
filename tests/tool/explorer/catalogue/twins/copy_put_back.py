"""Who changes takes turns; who only goes over the list needs no lock."""

import threading


class Room:
    def __init__(self):
        self.names = ["ann", "bob", "cyd"]
        self.changing = threading.Lock()

    def leave(self, name):
        with self.changing:
            names = self.names.copy()
            names.remove(name)
            self.names = names


def setup():
    return Room()


def ann(room):
    room.leave("ann")


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.names == ["cyd"], f"Two have left, and in the room are {room.names}."
