"""The condition is made of the room's lock: to wait lets go of all that is held."""

import threading


class Room:
    def __init__(self):
        self.lock = threading.Lock()
        self.arrived = threading.Condition(self.lock)
        self.lines = []

    def take(self):
        with self.arrived:
            while not self.lines:
                self.arrived.wait()
            return self.lines.pop()

    def put(self, line):
        with self.arrived:
            self.lines.append(line)
            self.arrived.notify()


def setup():
    room = Room()
    room.taken = []
    return room


def ann(room):
    room.taken.append(room.take())


def bob(room):
    room.put("hello")


WORKERS = [ann, bob]


def check(room):
    assert room.taken == ["hello"], f"Taken was {room.taken}."
