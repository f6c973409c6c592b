"""The room with the lower number is locked first, wherever one goes."""

import threading


class Room:
    def __init__(self):
        self.moved = 0
        self.lock = threading.Lock()


def move(rooms, here, there):
    with rooms[min(here, there)].lock:
        with rooms[max(here, there)].lock:
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
