"""`wait(timeout)` also returns when the time is over, and nobody asks which of the two it was."""

# fails: exception
# today: yes
import threading


class Room:
    def __init__(self):
        self.topic = None
        self.set_up = threading.Event()
        self.shown = []

    def show_topic(self):
        self.set_up.wait(timeout=5)
        self.shown.append(self.topic.upper())


def setup():
    return Room()


def ann(room):
    room.show_topic()


def owner(room):
    room.topic = "tea"
    room.set_up.set()


WORKERS = [ann, owner]


def check(room):
    assert room.shown in (["TEA"], ["NO TOPIC YET"]), f"Shown was {room.shown}."
