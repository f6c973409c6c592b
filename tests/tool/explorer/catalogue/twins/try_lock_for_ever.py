"""Every way out lets go of the lock, and ann waits for it instead of trying."""

import threading


class Room:
    def __init__(self):
        self.names = ["ann"]
        self.lock = threading.Lock()

    def join(self, name):
        with self.lock:
            if name in self.names:
                return  # the name is taken
            self.names.append(name)

    def leave(self, name):
        with self.lock:
            self.names.remove(name)


def setup():
    return Room()


def ann(room):
    room.leave("ann")


def namesake(room):
    room.join("ann")


WORKERS = [ann, namesake]


def check(room):
    assert room.names in ([], ["ann"]), f"In the room are {room.names}."
