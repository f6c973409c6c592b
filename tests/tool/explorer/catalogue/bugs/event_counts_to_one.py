"""Two lines set one event: set twice is set once, and the sender waits for a second time."""

# fails: lost wakeup
# today: yes
import threading


class Outbox:
    def __init__(self):
        self.lines = []
        self.sent = []
        self.filled = threading.Event()

    def put(self, line):
        self.lines.append(line)
        self.filled.set()

    def send_one(self):
        self.filled.wait()
        self.filled.clear()
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
