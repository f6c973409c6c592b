"""A client comes in while the server closes all: it was let in before the end, and is not there to be closed."""

# fails: check
# today: yes
import threading


class Server:
    def __init__(self):
        self.stopping = False
        self.lock = threading.Lock()
        self.open = set()

    def join(self, name):
        if not self.stopping:
            with self.lock:
                self.open.add(name)

    def stop(self):
        self.stopping = True
        with self.lock:
            self.open.clear()


def setup():
    return Server()


def ann(server):
    server.join("ann")


def bob(server):
    server.join("bob")


def main(server):
    server.stop()


WORKERS = [ann, bob, main]


def check(server):
    assert server.open == set(), f"The server has ended, and still open is {server.open}."
