"""Two join a room that is not there yet: each makes it, and the first is lost with its room."""
# fails: check
# today: no


class Server:
    def __init__(self):
        self.rooms = {}

    def join(self, room, name):
        if room not in self.rooms:
            self.rooms[room] = []
        self.rooms[room].append(name)


def setup():
    return Server()


def ann(server):
    server.join("garden", "ann")


def bob(server):
    server.join("garden", "bob")


WORKERS = [ann, bob]


def check(server):
    assert sorted(server.rooms["garden"]) == ["ann", "bob"], f"In the garden are {server.rooms['garden']}."
