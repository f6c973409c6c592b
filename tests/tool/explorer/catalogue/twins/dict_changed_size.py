"""The broadcast goes over a copy, made while nobody can leave."""

import threading


class Room:
    def __init__(self):
        self.outboxes = {"ann": [], "bob": []}
        self.lock = threading.Lock()

    def broadcast(self, line):
        with self.lock:
            names = list(self.outboxes)
        for name in names:
            self.deliver(name, line)

    def deliver(self, name, line):
        with self.lock:
            outbox = self.outboxes.get(name)
            if outbox is not None:
                outbox.append(line)

    def leave(self, name):
        with self.lock:
            self.outboxes.pop(name)


def setup():
    return Room()


def ann(room):
    room.broadcast("hello")


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.outboxes == {"ann": ["hello"]}, f"The outboxes are {room.outboxes}."
