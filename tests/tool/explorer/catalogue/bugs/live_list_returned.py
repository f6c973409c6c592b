"""The lock guards the return, not the list: what is returned is the room's own, and shrinks in the caller's hands."""

# fails: exception
# today: yes
import threading


class Room:
    def __init__(self):
        self.names = ["ann", "bob"]
        self.lock = threading.Lock()

    def everybody(self):
        with self.lock:
            return self.names

    def leave(self, name):
        with self.lock:
            self.names.remove(name)


def setup():
    room = Room()
    room.newest = ""
    return room


def ann(room):
    names = room.everybody()
    if len(names) > 1:
        room.newest = names[1]


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.newest in ("", "bob"), f"The newest is {room.newest}."
