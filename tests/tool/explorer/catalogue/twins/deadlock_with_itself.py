"""The broadcast notes who is gone, and removes them when it has let go of the lock."""

import threading


class Room:
    def __init__(self):
        self.outboxes = {"ann": [], "bob": []}
        self.gone = set()
        self.lock = threading.Lock()

    def remove(self, name):
        with self.lock:
            self.outboxes.pop(name, None)

    def broadcast(self, line):
        lost = []
        with self.lock:
            for name, outbox in self.outboxes.items():
                if name in self.gone:
                    lost.append(name)
                else:
                    outbox.append(line)
        for name in lost:
            self.remove(name)


def setup():
    return Room()


def ann(room):
    room.broadcast("hello")
    room.broadcast("anybody?")


def bob(room):
    room.gone.add("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.outboxes["ann"] == ["hello", "anybody?"], f"Ann has heard {room.outboxes['ann']}."
