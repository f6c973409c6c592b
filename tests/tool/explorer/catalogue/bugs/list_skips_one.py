"""A broadcast passes over a client: another leaves, and the rest of the list moves up."""
# fails: check
# today: yes


class Client:
    def __init__(self, name):
        self.name = name
        self.heard = []


class Room:
    def __init__(self):
        self.clients = [Client("ann"), Client("bob"), Client("cyd")]

    def broadcast(self, line):
        for client in self.clients:
            client.heard.append(line)


def setup():
    return Room()


def ann(room):
    room.clients.remove(room.clients[0])


def bob(room):
    room.broadcast("hello")


WORKERS = [ann, bob]


def check(room):
    for client in room.clients:
        assert client.heard == ["hello"], f"{client.name} is in the room, and has heard {client.heard}."
