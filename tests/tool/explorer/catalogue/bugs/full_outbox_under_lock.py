"""The outbox is full, and the broadcast waits for room with the lock that the sender needs to take a line out."""

# fails: deadlock
# today: yes
import queue
import threading


class Client:
    def __init__(self):
        self.outbox = queue.Queue(maxsize=1)
        self.sent = []
        self.lock = threading.Lock()

    def deliver(self, line):
        with self.lock:
            self.outbox.put(line)

    def send_one(self):
        line = self.outbox.get()
        with self.lock:
            self.sent.append(line)


def setup():
    return Client()


def broadcast(client):
    for line in ("one", "two", "three"):
        client.deliver(line)


def sender(client):
    for _ in range(3):
        client.send_one()


WORKERS = [broadcast, sender]


def check(client):
    assert client.sent == ["one", "two", "three"], f"Sent was {client.sent}."
