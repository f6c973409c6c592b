"""Each thread has a speaker of its own."""

import threading

speaker = threading.local()


class Room:
    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(f"{speaker.name}: {text}")


def setup():
    return Room()


def ann(room):
    speaker.name = "ann"
    room.say("hello")


def bob(room):
    speaker.name = "bob"
    room.say("hi")


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.lines) == ["ann: hello", "bob: hi"], f"The lines are {room.lines}."
