"""`empty()` is true only at the moment it is asked: another sender takes the last line."""

# fails: exception
# today: yes
import queue


class Client:
    def __init__(self):
        self.outbox = queue.Queue()
        self.outbox.put("hello")
        self.sent = []

    def send_one(self):
        if not self.outbox.empty():
            self.sent.append(self.outbox.get_nowait())


def setup():
    return Client()


def first_sender(client):
    client.send_one()


def second_sender(client):
    client.send_one()


WORKERS = [first_sender, second_sender]


def check(client):
    assert client.sent == ["hello"], f"Sent was {client.sent}."
