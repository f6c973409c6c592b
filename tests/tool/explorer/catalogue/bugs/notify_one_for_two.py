"""Two wait for the end of the chat, and `notify` tells one of them."""

# fails: stuck
# today: yes
import threading


class Chat:
    def __init__(self):
        self.over = False
        self.changed = threading.Condition()

    def stop(self):
        with self.changed:
            self.over = True
            self.changed.notify()

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
