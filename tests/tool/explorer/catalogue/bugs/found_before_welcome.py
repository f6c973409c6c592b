"""A newcomer hears another's line before its own welcome: it is in the registry too early."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.outboxes = {}
        self.lock = threading.Lock()

    def join(self, name, outbox):
        with self.lock:
            self.outboxes[name] = outbox
        outbox.append("welcome")

    def broadcast(self, line):
        with self.lock:
            for outbox in self.outboxes.values():
                outbox.append(line)


def setup():
    room = Room()
    room.heard_by_ann = []
    return room


def ann(room):
    room.join("ann", room.heard_by_ann)


def bob(room):
    room.broadcast("hello")


WORKERS = [ann, bob]


def check(room):
    assert room.heard_by_ann[0] == "welcome", f"Ann has heard {room.heard_by_ann}: the welcome must come first."
