"""Two logs are made, and the first line is in the one that nobody keeps."""
# fails: check
# today: yes


class Log:
    def __init__(self):
        self.lines = []


class Room:
    def __init__(self):
        self.log = None

    def write(self, line):
        if self.log is None:
            self.log = Log()
        self.log.lines.append(line)


def setup():
    return Room()


def ann(room):
    room.write("ann is here")


def bob(room):
    room.write("bob is here")


WORKERS = [ann, bob]


def check(room):
    assert len(room.log.lines) == 2, f"Two lines were written, and the log has {room.log.lines}."
