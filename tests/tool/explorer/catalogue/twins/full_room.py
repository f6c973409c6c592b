"""The length holds until the client is in, for the lock is held."""

import threading


class Room:
    def __init__(self):
        self.clients = ["cyd"]
        self.lock = threading.Lock()

    def join(self, name):
        with self.lock:
            if len(self.clients) < 2:
                self.clients.append(name)


def setup():
    return Room()


def ann(room):
    room.join("ann")


def bob(room):
    room.join("bob")


WORKERS = [ann, bob]


def check(room):
    assert len(room.clients) == 2, f"There are {len(room.clients)} in a room for two."
