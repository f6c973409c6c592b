"""The owner waits for the knock, and ann for the door: nobody goes round."""

import threading


class Room:
    def __init__(self):
        self.knocked = threading.Event()
        self.door = threading.Event()
        self.let_in = False

    def knock(self):
        self.knocked.set()
        self.door.wait()

    def open_if_asked(self):
        self.knocked.wait()
        self.let_in = True
        self.door.set()


def setup():
    return Room()


def ann(room):
    room.knock()


def owner(room):
    room.open_if_asked()


WORKERS = [ann, owner]


def check(room):
    assert room.let_in, "Ann is inside, and nobody has let her in."
