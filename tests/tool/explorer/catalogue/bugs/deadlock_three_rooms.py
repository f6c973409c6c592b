"""Three move in a circle: each holds the lock of its room and wants that of the next."""

# fails: deadlock
# today: yes
import threading


class Room:
    def __init__(self, name):
        self.names = [name]
        self.lock = threading.Lock()


def move(rooms, name, here, there):
    with rooms[here].lock:
        rooms[here].names.remove(name)
        with rooms[there].lock:
            rooms[there].names.append(name)


def setup():
    return [Room("ann"), Room("bob"), Room("cyd")]


def ann(rooms):
    move(rooms, "ann", 0, 1)


def bob(rooms):
    move(rooms, "bob", 1, 2)


def cyd(rooms):
    move(rooms, "cyd", 2, 0)


WORKERS = [ann, bob, cyd]


def check(rooms):
    names = [room.names for room in rooms]
    assert names == [["cyd"], ["ann"], ["bob"]], f"In the rooms are {names}."
