"""Joining has a lock and leaving has one, but both change the same list."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.names = ["ann"]
        self.join_lock = threading.Lock()
        self.leave_lock = threading.Lock()

    def join(self, name):
        with self.join_lock:
            names = list(self.names)
            names.append(name)
            self.names = names

    def leave(self, name):
        with self.leave_lock:
            names = list(self.names)
            names.remove(name)
            self.names = names


def setup():
    return Room()


def ann(room):
    room.leave("ann")


def bob(room):
    room.join("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.names == ["bob"], f"Ann has left, bob has joined, and in the room are {room.names}."
