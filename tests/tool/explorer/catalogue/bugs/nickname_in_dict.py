"""A second client replaces the first of the same name: a client is made between the look and the entry."""
# fails: check
# today: yes


class Client:
    def __init__(self, name):
        self.name = name


class Room:
    def __init__(self):
        self.clients = {}
        self.welcomed = []

    def join(self, name):
        if name not in self.clients:
            self.clients[name] = Client(name)
            self.welcomed.append(name)


def setup():
    return Room()


def ann(room):
    room.join("neo")


def bob(room):
    room.join("neo")


WORKERS = [ann, bob]


def check(room):
    assert room.welcomed == ["neo"], "Two clients were welcomed with one name, and only one of them is in the room."
