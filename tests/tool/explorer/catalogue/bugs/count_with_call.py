"""Bytes are lost from the total: `x += f()` reads x, calls f, and then writes x."""
# fails: check
# today: yes


class Room:
    def __init__(self):
        self.bytes = 0

    def said(self, line):
        self.bytes += self.size(line)

    def size(self, line):
        return len(line.encode()) + 1


def setup():
    return Room()


def ann(room):
    room.said("hello")


def bob(room):
    room.said("hi")


WORKERS = [ann, bob]


def check(room):
    assert room.bytes == 9, f"9 bytes were said, and {room.bytes} counted."
