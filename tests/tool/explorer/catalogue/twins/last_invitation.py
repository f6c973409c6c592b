"""Test and lower the flag under a lock."""

import threading


class Room:
    def __init__(self):
        self.invited = True
        self.inside = []
        self.lock = threading.Lock()

    def enter(self, name):
        with self.lock:
            if self.invited:
                self.invited = False
                self.inside.append(name)


def setup():
    return Room()


def ann(room):
    room.enter("ann")


def bob(room):
    room.enter("bob")


WORKERS = [ann, bob]


def check(room):
    assert len(room.inside) == 1, f"One invitation has let {len(room.inside)} in."
