"""A client gets its name first, and then goes into the list; the list is read under its lock."""

import threading


class Client:
    pass


class Room:
    def __init__(self):
        self.clients = []
        self.lock = threading.Lock()

    def join(self, name):
        client = Client()
        client.name = name
        with self.lock:
            self.clients.append(client)

    def who(self):
        with self.lock:
            return [client.name for client in self.clients]


def setup():
    return Room()


def ann(room):
    room.join("ann")


def bob(room):
    assert room.who() in ([], ["ann"]), "The list has somebody else."


WORKERS = [ann, bob]


def check(room):
    assert room.who() == ["ann"], f"In the room are {room.who()}."
