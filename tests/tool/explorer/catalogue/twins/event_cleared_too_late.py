"""The event is cleared first: a line that comes later sets it again."""

import threading


class Outbox:
    def __init__(self):
        self.lines = []
        self.sent = []
        self.lock = threading.Lock()
        self.filled = threading.Event()

    def put(self, line):
        with self.lock:
            self.lines.append(line)
        self.filled.set()

    def take_all(self):
        with self.lock:
            lines, self.lines = self.lines, []
        return lines


def setup():
    return Outbox()


def sender(outbox):
    while len(outbox.sent) < 2:
        outbox.filled.wait()
        outbox.filled.clear()
        outbox.sent += outbox.take_all()


def ann(outbox):
    outbox.put("hello")
    outbox.put("again")


WORKERS = [sender, ann]


def check(outbox):
    assert outbox.sent == ["hello", "again"], f"Sent was {outbox.sent}."
