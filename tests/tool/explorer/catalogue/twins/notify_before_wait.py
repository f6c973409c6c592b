"""A flag stays when the notify is gone: who comes late need not wait."""

import threading


class Room:
    def __init__(self):
        self.opened = threading.Condition()
        self.inside = []
        self.is_open = False

    def open(self):
        with self.opened:
            self.is_open = True
            self.opened.notify_all()

    def enter(self, name):
        with self.opened:
            while not self.is_open:
                self.opened.wait()
            self.inside.append(name)


def setup():
    return Room()


def ann(room):
    room.enter("ann")


def owner(room):
    room.open()


WORKERS = [ann, owner]


def check(room):
    assert room.inside == ["ann"], f"Inside is {room.inside}."
