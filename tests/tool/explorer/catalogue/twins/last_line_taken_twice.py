"""Who finds a line under the lock also takes it."""

import threading


class Outbox:
    def __init__(self):
        self.lines = ["hello"]
        self.sent = []
        self.lock = threading.Lock()

    def send_one(self):
        with self.lock:
            if self.lines:
                self.sent.append(self.lines.pop())


def setup():
    return Outbox()


def first_sender(outbox):
    outbox.send_one()


def second_sender(outbox):
    outbox.send_one()


WORKERS = [first_sender, second_sender]


def check(outbox):
    assert outbox.sent == ["hello"], f"Sent was {outbox.sent}."
