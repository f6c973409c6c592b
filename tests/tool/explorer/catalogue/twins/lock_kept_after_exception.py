"""`with` lets go of the lock on every way out."""

import threading


class Room:
    def __init__(self):
        self.outboxes = {"ann": [], "bob": []}
        self.lock = threading.Lock()

    def whisper(self, name, line):
        with self.lock:
            self.outboxes[name].append(line)

    def leave(self, name):
        with self.lock:
            del self.outboxes[name]


def setup():
    return Room()


def ann(room):
    try:
        room.whisper("bob", "psst")
    except KeyError:
        room.whisper("ann", "bob is not here")


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert list(room.outboxes) == ["ann"], f"In the room are {list(room.outboxes)}."
