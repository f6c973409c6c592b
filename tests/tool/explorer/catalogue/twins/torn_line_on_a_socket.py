"""A lock for each connection keeps its lines whole, however many calls a line needs."""

import socket
import threading


class Client:
    def __init__(self):
        self.connection, self.peer = socket.socketpair()
        self.lock = threading.Lock()

    def tell(self, name, text):
        with self.lock:
            self.connection.sendall(name.encode() + b": ")
            self.connection.sendall(text.encode() + b"\n")


def setup():
    return Client()


def ann(client):
    client.tell("ann", "hello")


def bob(client):
    client.tell("bob", "hi")


WORKERS = [ann, bob]


def check(client):
    client.connection.close()
    heard = b""
    while data := client.peer.recv(100):
        heard += data
    client.peer.close()
    assert sorted(heard.split(b"\n")) == [b"", b"ann: hello", b"bob: hi"], f"Heard was {heard!r}."
