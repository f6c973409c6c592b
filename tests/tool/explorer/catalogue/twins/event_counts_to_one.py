"""A semaphore counts the lines."""

import threading


class Outbox:
    def __init__(self):
        self.lines = []
        self.sent = []
        self.filled = threading.Semaphore(0)

    def put(self, line):
        self.lines.append(line)
        self.filled.release()

    def send_one(self):
        self.filled.acquire()
        self.sent.append(self.lines.pop(0))


def setup():
    return Outbox()


def sender(outbox):
    outbox.send_one()
    outbox.send_one()


def ann(outbox):
    outbox.put("hello")


def bob(outbox):
    outbox.put("hi")


WORKERS = [sender, ann, bob]


def check(outbox):
    assert sorted(outbox.sent) == ["hello", "hi"], f"Sent was {outbox.sent}."
