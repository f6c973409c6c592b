"""To empty the room also makes a new lock: one still holds the old, and another takes the new."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.lines = []
        self.lock = threading.Lock()

    def empty(self):
        with self.lock:
            self.lines = []
            self.lock = threading.Lock()

    def say(self, line):
        with self.lock:
            number = len(self.lines) + 1
            self.lines.append(f"{number}: {line}")


def setup():
    return Room()


def owner(room):
    room.empty()


def ann(room):
    room.say("hello")


def bob(room):
    room.say("hi")


WORKERS = [owner, ann, bob]


def check(room):
    numbers = [line[0] for line in room.lines]
    assert numbers == ["1", "2"][: len(numbers)], f"The lines are {room.lines}."
