"""A generator is asked under a lock."""

import threading


class Numbers:
    def __init__(self):
        self.last = 0
        self.numbers = self.count()
        self.given = []
        self.lock = threading.Lock()

    def count(self):
        while True:
            self.last = self.after(self.last)
            yield self.last

    def after(self, number):
        return number + 1


def setup():
    return Numbers()


def ann(numbers):
    with numbers.lock:
        numbers.given.append(next(numbers.numbers))


def bob(numbers):
    with numbers.lock:
        numbers.given.append(next(numbers.numbers))


WORKERS = [ann, bob]


def check(numbers):
    assert sorted(numbers.given) == [1, 2], f"The numbers are {numbers.given}."
