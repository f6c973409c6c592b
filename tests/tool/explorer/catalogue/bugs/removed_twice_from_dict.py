"""Reader and sender both remove a broken client: it is still there when both look."""
# fails: exception
# today: no


class Room:
    def __init__(self):
        self.clients = {"ann": "connection"}

    def remove(self, name):
        if name in self.clients:
            del self.clients[name]


def setup():
    return Room()


def reader(room):
    room.remove("ann")


def sender(room):
    room.remove("ann")


WORKERS = [reader, sender]


def check(room):
    assert room.clients == {}, f"Still there: {room.clients}."
