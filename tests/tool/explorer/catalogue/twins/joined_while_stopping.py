"""The flag and the clients have one lock: who comes after the flag stays outside."""

import threading


class Server:
    def __init__(self):
        self.stopping = False
        self.lock = threading.Lock()
        self.open = set()

    def join(self, name):
        with self.lock:
            if not self.stopping:
                self.open.add(name)

    def stop(self):
        with self.lock:
            self.stopping = True
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
