"""Ann answers in time and the timer is cancelled, but it has begun already: she is thrown out all the same."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.names = {"ann"}
        self.lines = []
        self.timer = threading.Timer(60, self.throw_out)

    def throw_out(self):
        self.names.discard("ann")

    def answer(self):
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
