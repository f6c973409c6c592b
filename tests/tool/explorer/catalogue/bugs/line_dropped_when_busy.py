"""Who does not get the lock at once goes on without: the line is not said, and nobody knows."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.lines = []
        self.lock = threading.Lock()

    def say(self, line):
        if self.lock.acquire(blocking=False):
            self.lines.append(line)
            self.lock.release()


def setup():
    return Room()


def ann(room):
    room.say("hello")


def bob(room):
    room.say("hi")


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.lines) == ["hello", "hi"], f"Two lines were said, and the room has {room.lines}."
