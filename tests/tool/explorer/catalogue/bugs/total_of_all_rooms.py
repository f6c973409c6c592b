"""Each room has a lock of its own, but the total of all rooms has none."""

# fails: check
# today: no
import threading


class Room:
    total = 0

    def __init__(self):
        self.lines = 0
        self.lock = threading.Lock()

    def said(self):
        with self.lock:
            self.lines += 1
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
