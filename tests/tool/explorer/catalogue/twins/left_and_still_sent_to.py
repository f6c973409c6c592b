"""One who has left meanwhile must not stop the line to the others."""

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
            try:
                client.send(line)
            except OSError:
                pass  # it leaves; its own thread removes it

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
