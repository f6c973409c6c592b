"""The timer looks once more, under the lock, whether there is still a reason to throw her out."""

import threading


class Room:
    def __init__(self):
        self.names = {"ann"}
        self.lines = []
        self.lock = threading.Lock()
        self.timer = threading.Timer(60, self.throw_out)

    def throw_out(self):
        with self.lock:
            if not self.lines:
                self.names.discard("ann")

    def answer(self):
        with self.lock:
            if "ann" in self.names:
                self.lines.append("ann: I am here")
                self.timer.cancel()


def setup():
    return Room()


def ann(room):
    room.timer.start()
    room.answer()


WORKERS = [ann]


def check(room):
    assert room.lines == [] or "ann" in room.names, "Ann has answered in time, and was thrown out."
