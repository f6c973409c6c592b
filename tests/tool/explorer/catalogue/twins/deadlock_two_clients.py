"""Both locks are always taken in one order: by number."""

import threading


class Client:
    def __init__(self, number):
        self.number = number
        self.said, self.heard = [], []
        self.lock = threading.Lock()


def whisper(sender, receiver, line):
    first, second = sorted([sender, receiver], key=lambda client: client.number)
    with first.lock:
        with second.lock:
            sender.said.append(line)
            receiver.heard.append(line)


def setup():
    return [Client(0), Client(1)]


def ann(clients):
    whisper(clients[0], clients[1], "hi bob")


def bob(clients):
    whisper(clients[1], clients[0], "hi ann")


WORKERS = [ann, bob]


def check(clients):
    heard = [client.heard for client in clients]
    assert heard == [["hi ann"], ["hi bob"]], f"Heard was {heard}."
