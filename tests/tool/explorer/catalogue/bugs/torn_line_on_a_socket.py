"""Two threads write name and text to one socket, each with two calls: the parts of both get mixed."""

# fails: check
# today: yes
import socket


class Client:
    def __init__(self):
        self.connection, self.peer = socket.socketpair()

    def tell(self, name, text):
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
