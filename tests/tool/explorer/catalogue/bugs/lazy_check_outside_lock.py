"""The lock keeps two from making a log at the same time, but not one after the other: the test is outside."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.log = None
        self.lock = threading.Lock()

    def open_log(self):
        if self.log is None:
            with self.lock:
                self.log = self.make_log()
        return self.log

    def make_log(self):
        return ["the log begins"]


def setup():
    return Room()


def ann(room):
    room.open_log().append("ann is here")


def bob(room):
    room.open_log().append("bob is here")


WORKERS = [ann, bob]


def check(room):
    assert len(room.log) == 3, f"Two lines were written, and the log is {room.log}."
