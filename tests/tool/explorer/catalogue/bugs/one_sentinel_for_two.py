"""Two senders read one queue, and one None at its end stops one of them."""

# fails: stuck
# today: yes
import queue


class Outbox:
    def __init__(self):
        self.lines = queue.Queue()
        self.sent = []

    def send_all(self):
        while (line := self.lines.get()) is not None:
            self.sent.append(line)

    def stop(self):
        self.lines.put(None)


def setup():
    return Outbox()


def first_sender(outbox):
    outbox.send_all()


def second_sender(outbox):
    outbox.send_all()


def ann(outbox):
    outbox.lines.put("hello")
    outbox.stop()


WORKERS = [first_sender, second_sender, ann]


def check(outbox):
    assert outbox.sent == ["hello"], f"Sent was {outbox.sent}."
