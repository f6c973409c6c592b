"""The notify comes before anybody waits, and nothing tells the one who comes late."""

# fails: lost wakeup
# today: yes
import threading


class Room:
    def __init__(self):
        self.opened = threading.Condition()
        self.inside = []

    def open(self):
        with self.opened:
            self.opened.notify_all()

    def enter(self, name):
        with self.opened:
            self.opened.wait()
            self.inside.append(name)


def setup():
    return Room()


def ann(room):
    room.enter("ann")


def owner(room):
    room.open()


WORKERS = [ann, owner]


def check(room):
    assert room.inside == ["ann"], f"Inside is {room.inside}."
