"""The last to leave closes the room, but the count is read again after the lock: both are the last."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.inside = 2
        self.lock = threading.Lock()
        self.log = []

    def leave(self):
        with self.lock:
            self.inside -= 1
        if self.inside == 0:
            self.log.append("closed")


def setup():
    return Room()


def ann(room):
    room.leave()


def bob(room):
    room.leave()


WORKERS = [ann, bob]


def check(room):
    assert room.log == ["closed"], f"What was done: {room.log}."
