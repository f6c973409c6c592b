"""Do not ask: take, and be ready for an empty queue."""

import queue


class Client:
    def __init__(self):
        self.outbox = queue.Queue()
        self.outbox.put("hello")
        self.sent = []

    def send_one(self):
        try:
            line = self.outbox.get_nowait()
        except queue.Empty:
            return
        self.sent.append(line)


def setup():
    return Client()


def first_sender(client):
    client.send_one()


def second_sender(client):
    client.send_one()


WORKERS = [first_sender, second_sender]


def check(client):
    assert client.sent == ["hello"], f"Sent was {client.sent}."
