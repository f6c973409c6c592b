"""Two lines are counted as one: `+=` reads, and then writes."""
# fails: check
# today: no


class Room:
    def __init__(self):
        self.lines = 0

    def said(self):
        self.lines += 1


def setup():
    return Room()


def ann(room):
    room.said()


def bob(room):
    room.said()


WORKERS = [ann, bob]


def check(room):
    assert room.lines == 2, f"Two lines were said, and {room.lines} counted."
