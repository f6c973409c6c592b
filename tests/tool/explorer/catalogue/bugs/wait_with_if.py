"""`if` instead of `while` around wait: another takes the line between the notify and the waking."""

# fails: exception
# today: yes
import threading


class Outbox:
    def __init__(self):
        self.lines = []
        self.changed = threading.Condition()

    def put(self, line):
        with self.changed:
            self.lines.append(line)
            self.changed.notify()

    def take(self):
        with self.changed:
            if not self.lines:
                self.changed.wait()
            return self.lines.pop(0)


def setup():
    outbox = Outbox()
    outbox.sent = []
    return outbox


def first_sender(outbox):
    outbox.sent.append(outbox.take())


def second_sender(outbox):
    outbox.sent.append(outbox.take())


def ann(outbox):
    outbox.put("hello")
    outbox.put("again")


WORKERS = [first_sender, second_sender, ann]


def check(outbox):
    assert sorted(outbox.sent) == ["again", "hello"], f"Sent was {outbox.sent}."
