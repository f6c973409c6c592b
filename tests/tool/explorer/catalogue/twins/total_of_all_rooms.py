"""What all rooms share has a lock that all rooms share."""

import threading


class Room:
    total = 0
    total_lock = threading.Lock()

    def __init__(self):
        self.lines = 0
        self.lock = threading.Lock()

    def said(self):
        with self.lock:
            self.lines += 1
        with Room.total_lock:
            Room.total += 1


def setup():
    return [Room(), Room()]


def ann(rooms):
    rooms[0].said()


def bob(rooms):
    rooms[1].said()


WORKERS = [ann, bob]


def check(rooms):
    assert Room.total == 2, f"Two lines were said in all, and {Room.total} counted."
