"""The broadcast holds the lock and calls a helper that takes it again when a client is gone."""

# fails: deadlock
# today: yes
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
        with self.lock:
            for name, outbox in list(self.outboxes.items()):
                if name in self.gone:
                    self.remove(name)
                else:
                    outbox.append(line)


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
