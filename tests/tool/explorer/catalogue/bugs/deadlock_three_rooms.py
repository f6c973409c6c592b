"""Three move in a circle: each holds the lock of its room and wants that of the next."""
# fails: deadlock
# today: yes
import threading


class Room:
    def __init__(self):
        self.moved = 0
        self.lock = threading.Lock()


def move(rooms, here, there):
    with rooms[here].lock:
        with rooms[there].lock:
            rooms[there].moved += 1


def setup():
    return [Room(), Room(), Room()]


def ann(rooms):
    move(rooms, 0, 1)


def bob(rooms):
    move(rooms, 1, 2)


def cyd(rooms):
    move(rooms, 2, 0)


WORKERS = [ann, bob, cyd]


def check(rooms):
    moved = [room.moved for room in rooms]
    assert moved == [1, 1, 1], f"Moves into each room: {moved}."
