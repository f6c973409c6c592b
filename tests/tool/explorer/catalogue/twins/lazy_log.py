"""The log is made and used under the room's lock."""

import threading


class Log:
    def __init__(self):
        self.lines = []


class Room:
    def __init__(self):
        self.log = None
        self.lock = threading.Lock()

    def write(self, line):
        with self.lock:
            if self.log is None:
                self.log = Log()
            self.log.lines.append(line)


def setup():
    return Room()


def ann(room):
    room.write("ann is here")


def bob(room):
    room.write("bob is here")


WORKERS = [ann, bob]


def check(room):
    assert len(room.log.lines) == 2, f"Two lines were written, and the log has {room.log.lines}."
