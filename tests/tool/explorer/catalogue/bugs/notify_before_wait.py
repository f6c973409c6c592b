"""The notify comes before anybody waits, and nothing tells the one who comes late."""
# fails: lost wakeup
# today: yes
import threading


class Room:
    def __init__(self):
        self.opened = threading.Condition()

    def open(self):
        with self.opened:
            self.opened.notify_all()

    def enter(self):
        with self.opened:
            self.opened.wait()


def setup():
    return Room()


def ann(room):
    room.enter()


def owner(room):
    room.open()


WORKERS = [ann, owner]


def check(room):
    pass
