"""The lock is held from the look to the taking."""

import threading


class Room:
    def __init__(self):
        self.names = set()
        self.lock = threading.Lock()

    def take(self, name):
        with self.lock:
            if name in self.names:
                return False
            self.names.add(name)
            return True


def setup():
    room = Room()
    room.taken_by = []
    return room


def ann(room):
    if room.take("neo"):
        room.taken_by.append("ann")


def bob(room):
    if room.take("neo"):
        room.taken_by.append("bob")


WORKERS = [ann, bob]


def check(room):
    assert len(room.taken_by) == 1, f"The nickname was given to {sorted(room.taken_by)}."
