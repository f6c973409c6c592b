"""A blank line is not sent, and not done either: who waits for the queue to be done waits for ever."""

# fails: stuck
# today: yes
import queue


class Outbox:
    def __init__(self):
        self.lines = queue.Queue()
        self.sent = []

    def send_all(self):
        while (line := self.lines.get()) is not None:
            if line == "":
                continue
            self.sent.append(line)
            self.lines.task_done()
        self.lines.task_done()


def setup():
    return Outbox()


def sender(outbox):
    outbox.send_all()


def ann(outbox):
    for line in ("", "hello", None):
        outbox.lines.put(line)
    outbox.lines.join()


WORKERS = [sender, ann]


def check(outbox):
    assert outbox.sent == ["hello"], f"Sent was {outbox.sent}."
