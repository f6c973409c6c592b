"""The buffer belongs to the class: all clients put what they receive into one."""
# fails: check
# today: yes


class Client:
    received = []

    def receive(self, data):
        self.received.append(data)
        if data.endswith("\n"):
            line = "".join(self.received)
            self.received.clear()
            return line
        return ""


class Room:
    def __init__(self):
        self.lines = []

    def handle(self, *pieces):
        client = Client()
        for data in pieces:
            if line := client.receive(data):
                self.lines.append(line)


def setup():
    return Room()


def ann(room):
    room.handle("hel", "lo\n")


def bob(room):
    room.handle("hi\n")


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.lines) == ["hello\n", "hi\n"], f"The lines are {room.lines}."
