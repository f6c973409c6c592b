"""Every call makes a lock of its own, which nobody else can hold."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.number = 0

    def next_number(self):
        with threading.Lock():
            number = self.after(self.number)
            self.number = number
        return number

    def after(self, number):
        return number + 1


def setup():
    room = Room()
    room.given = []
    return room


def ann(room):
    room.given.append(room.next_number())


def bob(room):
    room.given.append(room.next_number())


WORKERS = [ann, bob]


def check(room):
    assert sorted(room.given) == [1, 2], f"The numbers are {sorted(room.given)}."
