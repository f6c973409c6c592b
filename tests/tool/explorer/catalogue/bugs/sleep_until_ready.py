"""A tenth of a second is mostly enough for the server to be ready: to sleep is not to wait."""

# fails: exception
# today: yes
import time


class Server:
    def __init__(self):
        self.welcome = None


def setup():
    return Server()


def server(server):
    server.welcome = "hello"


def ann(server):
    time.sleep(0.1)
    assert server.welcome.upper() == "HELLO", "Ann gets another welcome."


WORKERS = [server, ann]


def check(server):
    assert server.welcome == "hello", f"The welcome is {server.welcome}."
