"""The lock is let go before the loop, and `items()` is a view of the living dictionary, not a copy."""

# fails: exception
# today: yes
import threading


class Room:
    def __init__(self):
        self.outboxes = {"ann": [], "bob": []}
        self.lock = threading.Lock()

    def broadcast(self, line):
        with self.lock:
            items = self.outboxes.items()
        for name, outbox in items:
            outbox.append(f"{name}: {line}")

    def leave(self, name):
        with self.lock:
            del self.outboxes[name]


def setup():
    return Room()


def ann(room):
    room.broadcast("hello")


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.outboxes == {"ann": ["ann: hello"]}, f"The outboxes are {room.outboxes}."
