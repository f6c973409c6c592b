"""Three clients in a room for two: the length is looked at too early."""
# fails: check
# today: yes


class Room:
    def __init__(self):
        self.clients = ["cyd"]

    def join(self, name):
        if len(self.clients) < 2:
            self.clients.append(name)


def setup():
    return Room()


def ann(room):
    room.join("ann")


def bob(room):
    room.join("bob")


WORKERS = [ann, bob]


def check(room):
    assert len(room.clients) == 2, f"There are {len(room.clients)} in a room for two."
