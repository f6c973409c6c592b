"""Lines by room, counted under a lock."""

import threading

lock = threading.Lock()


def setup():
    return {"lobby": 0}


def ann(lines):
    with lock:
        lines["lobby"] += 1


def bob(lines):
    with lock:
        lines["lobby"] += 1


WORKERS = [ann, bob]


def check(lines):
    assert lines["lobby"] == 2, f"Two lines were said in the lobby, and {lines['lobby']} counted."
