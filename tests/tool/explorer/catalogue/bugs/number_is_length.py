"""Two clients get one number: it is the length, read after somebody else has joined, too."""
# fails: check
# today: yes


class Room:
    def __init__(self):
        self.clients = []
        self.numbers = []

    def join(self, name):
        self.clients.append(name)
        number = len(self.clients)
        self.numbers.append(number)


def setup():
    return Room()


def ann(room):
    room.join("ann")


def bob(room):
    room.join("bob")


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.numbers) == [1, 2], f"The numbers are {sorted(room.numbers)}."
