"""The server says when it is ready, and ann waits for that."""

import threading


class Server:
    def __init__(self):
        self.welcome = None
        self.ready = threading.Event()


def setup():
    return Server()


def server(server):
    server.welcome = "hello"
    server.ready.set()


def ann(server):
    server.ready.wait()
    assert server.welcome.upper() == "HELLO", "Ann gets another welcome."


WORKERS = [server, ann]


def check(server):
    assert server.welcome == "hello", f"The welcome is {server.welcome}."
