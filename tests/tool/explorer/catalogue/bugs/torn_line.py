"""A line goes out in two parts, and another's comes between."""
# fails: check
# today: yes


class Connection:
    def __init__(self):
        self.sent = []

    def send_line(self, line):
        self.sent.append(line)
        self.sent.append("\n")


def setup():
    return Connection()


def ann(connection):
    connection.send_line("hello")


def bob(connection):
    connection.send_line("hi")


WORKERS = [ann, bob]


def check(connection):
    lines = "".join(connection.sent)
    assert sorted(lines.splitlines()) == ["hello", "hi"], f"Two lines were sent, and on the wire is {lines!r}."
