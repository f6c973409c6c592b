"""Names and numbers in two lists: another joins between the two appends, and the rows no longer fit."""
# fails: check
# today: yes


class Room:
    def __init__(self):
        self.names = []
        self.numbers = []

    def join(self, name, number):
        self.names.append(name)
        self.numbers.append(number)


def setup():
    return Room()


def ann(room):
    room.join("ann", 1)


def bob(room):
    room.join("bob", 2)


WORKERS = [ann, bob]


def check(room):
    rows = sorted(zip(room.names, room.numbers))
    assert rows == [("ann", 1), ("bob", 2)], f"Who has which number: {rows}."
