"""The lock is made once, with what it guards."""

import threading


class Room:
    def __init__(self):
        self.number = 0
        self.lock = threading.Lock()

    def next_number(self):
        with self.lock:
            number = self.after(self.number)
            self.number = number
        return number

    def after(self, number):
        return number + 1


def setup():
    room = Room()
    room.given = []
    return room


def ann(room):
    room.given.append(room.next_number())


def bob(room):
    room.given.append(room.next_number())


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.given) == [1, 2], f"The numbers are {sorted(room.given)}."
