"""A client moves between two rooms, each with its lock: for a moment it is in neither."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self, *names):
        self.names = set(names)
        self.lock = threading.Lock()


class Server:
    def __init__(self):
        self.lobby, self.garden = Room("ann"), Room()
        self.found = []


def setup():
    return Server()


def move(server):
    with server.lobby.lock:
        server.lobby.names.remove("ann")
    with server.garden.lock:
        server.garden.names.add("ann")


def who(server):
    with server.lobby.lock:
        with server.garden.lock:
            server.found = sorted(server.lobby.names | server.garden.names)


WORKERS = [move, who]


def check(server):
    assert server.found == ["ann"], f"Ann only moves, and found were {server.found}."
