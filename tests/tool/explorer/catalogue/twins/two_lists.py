"""One lock for both lists, held over both appends."""

import threading


class Room:
    def __init__(self):
        self.names = []
        self.numbers = []
        self.lock = threading.Lock()

    def join(self, name, number):
        with self.lock:
            self.names.append(name)
            self.numbers.append(number)


def setup():
    return Room()


def ann(room):
    room.join("ann", 1)


def bob(room):
    room.join("bob", 2)


WORKERS = [ann, bob]


def check(room):
    rows = sorted(zip(room.names, room.numbers))
    assert rows == [("ann", 1), ("bob", 2)], f"Who has which number: {rows}."
