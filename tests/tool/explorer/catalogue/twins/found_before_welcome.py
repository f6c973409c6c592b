"""The welcome is in the outbox before anybody can find the newcomer."""

import threading


class Room:
    def __init__(self):
        self.outboxes = {}
        self.lock = threading.Lock()

    def join(self, name, outbox):
        outbox.append("welcome")
        with self.lock:
            self.outboxes[name] = outbox

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
