"""Each thread gets its name as an argument, when it is made."""

import threading


class Room:
    def __init__(self):
        self.greeted = []


def setup():
    return Room()


def server(room):
    threads = []
    for name in ("ann", "bob"):
        thread = threading.Thread(target=room.greeted.append, args=[name])
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()


WORKERS = [server]


def check(room):
    assert sorted(room.greeted) == ["ann", "bob"], f"Greeted were {room.greeted}."
