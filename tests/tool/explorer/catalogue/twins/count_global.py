"""The lock is held until the number is read again."""

import threading

number = 0
lock = threading.Lock()


def next_number():
    global number
    with lock:
        number = number + 1
        return number


def setup():
    return []


def ann(numbers):
    numbers.append(next_number())


def bob(numbers):
    numbers.append(next_number())


WORKERS = [ann, bob]


def check(numbers):
    assert sorted(numbers) == [1, 2], f"The numbers are {sorted(numbers)}."
