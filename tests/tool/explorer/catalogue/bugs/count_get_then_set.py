"""A client's second line is not counted: `get` gives an old count, which is written back."""
# fails: check
# today: yes


class Room:
    def __init__(self):
        self.lines = {}

    def said(self, name):
        count = self.lines.get(name, 0)
        self.lines[name] = count + 1


def setup():
    return Room()


def phone(room):
    room.said("ann")


def laptop(room):
    room.said("ann")


WORKERS = [phone, laptop]


def check(room):
    assert room.lines == {"ann": 2}, f"Ann said two lines, and counted are {room.lines}."
