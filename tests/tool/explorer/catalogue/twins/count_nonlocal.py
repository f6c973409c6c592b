"""The closure's lock guards the closure's variable."""

import threading


def make_counter():
    count = 0
    lock = threading.Lock()

    def add():
        nonlocal count
        with lock:
            count += 1

    def value():
        return count

    return add, value


def setup():
    return make_counter()


def ann(counter):
    add, value = counter
    add()


def bob(counter):
    add, value = counter
    add()


WORKERS = [ann, bob]


def check(counter):
    add, value = counter
    assert value() == 2, f"Two lines were said, and {value()} counted."
