"""Two wait for different things on one condition, and `notify` wakes the one whose thing has not come."""

# fails: stuck
# today: yes
import threading


class Room:
    def __init__(self):
        self.topic = ""
        self.is_open = False
        self.changed = threading.Condition()

    def set_topic(self, topic):
        with self.changed:
            self.topic = topic
            self.changed.notify()

    def open(self):
        with self.changed:
            self.is_open = True
            self.changed.notify()


def setup():
    return Room()


def ann(room):
    with room.changed:
        while not room.topic:
            room.changed.wait()


def bob(room):
    with room.changed:
        while not room.is_open:
            room.changed.wait()


def owner(room):
    room.set_topic("tea")
    room.open()


WORKERS = [ann, bob, owner]


def check(room):
    assert room.topic and room.is_open, "The owner is not done."
