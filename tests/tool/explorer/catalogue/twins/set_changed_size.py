"""Nobody joins while the names are listed: both need the lock."""

import threading


class Room:
    def __init__(self):
        self.names = {"ann", "cyd"}
        self.lock = threading.Lock()

    def who(self):
        answer = []
        with self.lock:
            for name in self.names:
                answer.append(name)
        return sorted(answer)


def setup():
    return Room()


def ann(room):
    assert "ann" in room.who(), "Ann is not in the list of names."


def bob(room):
    with room.lock:
        room.names.add("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.who() == ["ann", "bob", "cyd"], f"The names are {room.who()}."
