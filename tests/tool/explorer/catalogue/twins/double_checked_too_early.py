"""Double-checked, and marked as ready last."""

import threading


class Room:
    def __init__(self):
        self.ready = False
        self.topic = None
        self.lock = threading.Lock()

    def get_topic(self):
        if not self.ready:
            with self.lock:
                if not self.ready:
                    self.topic = self.load_topic()
                    self.ready = True
        return self.topic

    def load_topic(self):
        return "tea"


def setup():
    return Room()


def ann(room):
    room.get_topic().upper()


def bob(room):
    room.get_topic().upper()


WORKERS = [ann, bob]


def check(room):
    assert room.topic == "tea", f"The topic is {room.topic}."
