"""A name that is gone raises between acquire and release: the lock is never let go."""

# fails: deadlock
# today: yes
import threading


class Room:
    def __init__(self):
        self.outboxes = {"ann": [], "bob": []}
        self.lock = threading.Lock()

    def whisper(self, name, line):
        self.lock.acquire()
        self.outboxes[name].append(line)
        self.lock.release()

    def leave(self, name):
        self.lock.acquire()
        del self.outboxes[name]
        self.lock.release()


def setup():
    return Room()


def ann(room):
    try:
        room.whisper("bob", "psst")
    except KeyError:
        room.whisper("ann", "bob is not here")


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert list(room.outboxes) == ["ann"], f"In the room are {list(room.outboxes)}."
