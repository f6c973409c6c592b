"""Ann whispers to bob and bob to ann: each holds the own lock and wants the other's."""

# fails: deadlock
# today: yes
import threading


class Client:
    def __init__(self):
        self.said, self.heard = [], []
        self.lock = threading.Lock()


def whisper(sender, receiver, line):
    with sender.lock:
        sender.said.append(line)
        with receiver.lock:
            receiver.heard.append(line)


def setup():
    return [Client(), Client()]


def ann(clients):
    whisper(clients[0], clients[1], "hi bob")


def bob(clients):
    whisper(clients[1], clients[0], "hi ann")


WORKERS = [ann, bob]


def check(clients):
    heard = [client.heard for client in clients]
    assert heard == [["hi ann"], ["hi bob"]], f"Heard was {heard}."
