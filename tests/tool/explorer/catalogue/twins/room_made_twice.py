"""`setdefault` looks and enters in one step, and returns the list that is there."""


class Server:
    def __init__(self):
        self.rooms = {}

    def join(self, room, name):
        self.rooms.setdefault(room, []).append(name)


def setup():
    return Server()


def ann(server):
    server.join("garden", "ann")


def bob(server):
    server.join("garden", "bob")


WORKERS = [ann, bob]


def check(server):
    assert sorted(server.rooms["garden"]) == ["ann", "bob"], f"In the garden are {server.rooms['garden']}."
