"""Who needs the lock waits for it."""

import threading


class Room:
    def __init__(self):
        self.lines = []
        self.lock = threading.Lock()

    def say(self, line):
        with self.lock:
            self.lines.append(line)


def setup():
    return Room()


def ann(room):
    room.say("hello")


def bob(room):
    room.say("hi")


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.lines) == ["hello", "hi"], f"Two lines were said, and the room has {room.lines}."
