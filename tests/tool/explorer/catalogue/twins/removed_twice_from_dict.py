"""`pop` looks and removes in one step, and does not mind who was first."""


class Room:
    def __init__(self):
        self.clients = {"ann": "connection"}

    def remove(self, name):
        self.clients.pop(name, None)


def setup():
    return Room()


def reader(room):
    room.remove("ann")


def sender(room):
    room.remove("ann")


WORKERS = [reader, sender]


def check(room):
    assert room.clients == {}, f"Still there: {room.clients}."
