"""A client is removed twice from a list: between the look and the removal it is told goodbye."""
# fails: exception
# today: yes


class Room:
    def __init__(self):
        self.names = ["ann", "bob"]
        self.said = []

    def remove(self, name):
        if name in self.names:
            self.said.append(f"goodbye {name}")
            self.names.remove(name)


def setup():
    return Room()


def reader(room):
    room.remove("ann")


def sender(room):
    room.remove("ann")


WORKERS = [reader, sender]


def check(room):
    assert room.said == ["goodbye ann"], f"Said was {room.said}."
