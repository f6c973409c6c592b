"""A generator holds the lock while its caller has the turn: the caller waits for what it holds itself."""

# fails: deadlock
# today: yes
import threading


class Room:
    def __init__(self):
        self.names = ["ann", "bob"]
        self.lock = threading.Lock()

    def everybody(self):
        with self.lock:
            yield from self.names

    def remove(self, name):
        with self.lock:
            if name in self.names:
                self.names.remove(name)


def setup():
    return Room()


def stop(room):
    for name in room.everybody():
        room.remove(name)


def ann(room):
    room.remove("ann")


WORKERS = [stop, ann]


def check(room):
    assert room.names == [], f"Still there: {room.names}."
