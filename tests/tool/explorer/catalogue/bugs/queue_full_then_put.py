"""The outbox has room when asked, and none when the line is put: the broadcast waits for a reader that is slow."""

# fails: stuck
# today: yes
import queue


class Client:
    def __init__(self):
        self.outbox = queue.Queue(maxsize=1)  # of a client that reads nothing

    def deliver(self, line):
        if not self.outbox.full():
            self.outbox.put(line)


def setup():
    return Client()


def ann(client):
    client.deliver("hello")


def bob(client):
    client.deliver("hi")


WORKERS = [ann, bob]


def check(client):
    assert client.outbox.qsize() == 1, f"There are {client.outbox.qsize()} lines in an outbox for one."
