"""The first line starts the sender, and two first lines start it twice: a thread starts only once."""

# fails: exception
# today: yes
import threading


class Client:
    def __init__(self):
        self.started = False
        self.sent = []
        self.sender = threading.Thread(target=self.send)

    def deliver(self):
        if not self.started:
            self.sender.start()
            self.started = True

    def send(self):
        self.sent.append("hello")


def setup():
    return Client()


def ann(client):
    client.deliver()


def bob(client):
    client.deliver()


WORKERS = [ann, bob]


def check(client):
    client.sender.join()
    assert client.sent == ["hello"], f"Sent was {client.sent}."
