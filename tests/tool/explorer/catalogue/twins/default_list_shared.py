"""Each call makes a list of its own."""


def read_lines(data):
    parts = []
    for letter in data:
        parts.append(letter)
    line = "".join(parts)
    parts.clear()
    return line


class Room:
    def __init__(self):
        self.lines = []


def setup():
    return Room()


def ann(room):
    room.lines.append(read_lines("no"))


def bob(room):
    room.lines.append(read_lines("hi"))


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.lines) == ["hi", "no"], f"The lines are {room.lines}."
