"""The sender takes the lines and then clears the event: a line that came in between is never looked for."""

# fails: lost wakeup
# today: yes
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
        outbox.sent += outbox.take_all()
        outbox.filled.clear()


def ann(outbox):
    outbox.put("hello")
    outbox.put("again")


WORKERS = [sender, ann]


def check(outbox):
    assert outbox.sent == ["hello", "again"], f"Sent was {outbox.sent}."
