"""A client leaves and closes between the copy of the list and the line to it: the sender dies of it."""

# fails: exception
# today: yes
import threading


class Client:
    def __init__(self):
        self.open = True
        self.heard = []

    def send(self, line):
        if not self.open:
            raise OSError("the connection is closed")
        self.heard.append(line)


class Room:
    def __init__(self):
        self.clients = [Client(), Client()]
        self.lock = threading.Lock()

    def broadcast(self, line):
        with self.lock:
            clients = list(self.clients)
        for client in clients:
            client.send(line)

    def leave(self, client):
        with self.lock:
            self.clients.remove(client)
        client.open = False


def setup():
    return Room()


def ann(room):
    room.broadcast("hello")


def bob(room):
    room.leave(room.clients[0])


WORKERS = [ann, bob]


def check(room):
    (client,) = room.clients
    assert client.heard == ["hello"], f"The one who stayed has heard {client.heard}."
