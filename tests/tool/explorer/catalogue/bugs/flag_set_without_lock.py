"""The flag is raised outside of the lock: between the waiter's look and its wait, and so is the notify."""

# fails: lost wakeup
# today: yes
import threading


class Room:
    def __init__(self):
        self.is_open = False
        self.opened = threading.Condition()

    def looks_open(self):
        return self.is_open

    def open(self):
        self.is_open = True
        with self.opened:
            self.opened.notify_all()

    def enter(self):
        while not self.looks_open():
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
    assert room.is_open, "Ann is in a room that is not open."
