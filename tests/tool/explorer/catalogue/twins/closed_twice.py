"""Who lowers the flag, under the lock, is the one who closes."""

import threading


class Client:
    def __init__(self):
        self.open = True
        self.log = []
        self.lock = threading.Lock()

    def close(self):
        with self.lock:
            mine, self.open = self.open, False
        if mine:
            self.log.append("goodbye")
            self.log.append("closed")


def setup():
    return Client()


def reader(client):
    client.close()


def sender(client):
    client.close()


WORKERS = [reader, sender]


def check(client):
    assert client.log == ["goodbye", "closed"], f"What was done: {client.log}."
