"""What concerns all who wait is told with `notify_all`."""

import threading


class Chat:
    def __init__(self):
        self.over = False
        self.changed = threading.Condition()

    def stop(self):
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def wait(self):
        with self.changed:
            while not self.over:
                self.changed.wait()


def setup():
    return Chat()


def ann(chat):
    chat.wait()


def bob(chat):
    chat.wait()


def owner(chat):
    chat.stop()


WORKERS = [ann, bob, owner]


def check(chat):
    assert chat.over, "Both have waited for the end, and it has not come."
