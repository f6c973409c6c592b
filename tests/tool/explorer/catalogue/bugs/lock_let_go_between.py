"""Look under the lock, take under the lock, but let it go in between."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.owners = {}
        self.lock = threading.Lock()

    def take(self, name, owner):
        with self.lock:
            free = name not in self.owners
        if free:
            with self.lock:
                self.owners[name] = owner
        return free


def setup():
    room = Room()
    room.told = []
    return room


def ann(room):
    if room.take("neo", "ann"):
        room.told.append("ann")


def bob(room):
    if room.take("neo", "bob"):
        room.told.append("bob")


WORKERS = [ann, bob]


def check(room):
    assert len(room.told) == 1, f"Told that neo is theirs: {sorted(room.told)}."
