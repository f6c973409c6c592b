"""The broadcast goes over a copy of the list."""

import threading


class Client:
    def __init__(self, name):
        self.name = name
        self.heard = []


class Room:
    def __init__(self):
        self.clients = [Client("ann"), Client("bob"), Client("cyd")]
        self.lock = threading.Lock()

    def broadcast(self, line):
        with self.lock:
            clients = self.clients.copy()
        for client in clients:
            client.heard.append(line)


def setup():
    return Room()


def ann(room):
    with room.lock:
        room.clients.remove(room.clients[0])


def bob(room):
    room.broadcast("hello")


WORKERS = [ann, bob]


def check(room):
    for client in room.clients:
        assert client.heard == ["hello"], f"{client.name} is in the room, and has heard {client.heard}."
