"""The end comes the way that the sender waits for: as the last thing in its queue."""

import queue


class Sender:
    def __init__(self):
        self.lines = queue.Queue()
        self.sent = []

    def run(self):
        while (line := self.lines.get()) is not None:
            self.sent.append(line)

    def stop(self):
        self.lines.put(None)


def setup():
    return Sender()


def sender(sender):
    sender.run()


def ann(sender):
    sender.lines.put("hello")
    sender.stop()


WORKERS = [sender, ann]


def check(sender):
    assert sender.sent in ([], ["hello"]), f"Sent was {sender.sent}."
