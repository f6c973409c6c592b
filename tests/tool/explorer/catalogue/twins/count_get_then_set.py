"""Nobody else counts between `get` and the write."""

import threading


class Room:
    def __init__(self):
        self.lines = {}
        self.lock = threading.Lock()

    def said(self, name):
        with self.lock:
            count = self.lines.get(name, 0)
            self.lines[name] = count + 1


def setup():
    return Room()


def phone(room):
    room.said("ann")


def laptop(room):
    room.said("ann")


WORKERS = [phone, laptop]


def check(room):
    assert room.lines == {"ann": 2}, f"Ann said two lines, and counted are {room.lines}."
