"""A list as a default value is made once: what one client has said so far is mixed with the other's."""
# fails: check
# today: yes


def read_lines(data, parts=[]):  # noqa: B006
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
