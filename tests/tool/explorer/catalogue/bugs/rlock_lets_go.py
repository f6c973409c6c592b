"""An RLock taken twice seems safe, but `wait` lets go of all of it: another sees a half-removed client."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.names, self.sockets = ["ann"], ["socket of ann"]
        self.unsent = 1
        self.changed = threading.Condition()  # with an RLock, which remove() and drain() both take
        self.seen = []

    def drain(self):
        with self.changed:
            while self.unsent:
                self.changed.wait()

    def remove(self):
        with self.changed:
            self.names.pop()
            self.drain()
            self.sockets.pop()

    def look(self):
        with self.changed:
            self.seen = [len(self.names), len(self.sockets)]
            self.unsent = 0
            self.changed.notify_all()


def setup():
    return Room()


def ann(room):
    room.remove()


def bob(room):
    room.look()


WORKERS = [ann, bob]


def check(room):
    names, sockets = room.seen
    assert names == sockets, f"Seen under the lock: {names} names and {sockets} sockets."
