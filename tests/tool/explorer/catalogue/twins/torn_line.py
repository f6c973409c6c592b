"""A line is put together first, and sent in one piece."""


class Connection:
    def __init__(self):
        self.sent = []

    def send_line(self, line):
        self.sent.append(line + "\n")


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
