"""Threads in a loop greet the loop's variable: by the time they read it, it is somebody else."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.greeted = []


def setup():
    return Room()


def server(room):
    threads = []
    for name in ("ann", "bob"):
        thread = threading.Thread(target=lambda: room.greeted.append(name))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()


WORKERS = [server]


def check(room):
    assert sorted(room.greeted) == ["ann", "bob"], f"Greeted were {room.greeted}."
