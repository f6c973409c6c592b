"""Flag, look and wait all belong to the condition's lock."""

import threading


class Room:
    def __init__(self):
        self.is_open = False
        self.opened = threading.Condition()

    def looks_open(self):
        return self.is_open

    def open(self):
        with self.opened:
            self.is_open = True
            self.opened.notify_all()

    def enter(self):
        with self.opened:
            while not self.looks_open():
                self.opened.wait()


def setup():
    return Room()


def ann(room):
    room.enter()


def owner(room):
    room.open()


WORKERS = [ann, owner]


def check(room):
    assert room.is_open, "Ann is in a room that is not open."
