"""The sender looks at the flag, and then waits for a line that never comes: a flag wakes nobody."""

# fails: stuck
# today: yes
import queue


class Sender:
    def __init__(self):
        self.lines = queue.Queue()
        self.stopping = False
        self.sent = []

    def run(self):
        while not self.stopping:
            self.sent.append(self.lines.get())

    def stop(self):
        self.stopping = True


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
