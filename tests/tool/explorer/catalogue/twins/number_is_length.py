"""The length is read before anybody else can join."""

import threading


class Room:
    def __init__(self):
        self.clients = []
        self.numbers = []
        self.lock = threading.Lock()

    def join(self, name):
        with self.lock:
            self.clients.append(name)
            number = len(self.clients)
        self.numbers.append(number)


def setup():
    return Room()


def ann(room):
    room.join("ann")


def bob(room):
    room.join("bob")


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.numbers) == [1, 2], f"The numbers are {sorted(room.numbers)}."
