"""Who finds no seat gives one back all the same: the semaphore lets in more than there are seats."""

# fails: check
# today: yes
import threading


class Room:
    def __init__(self):
        self.seats = threading.Semaphore(1)
        self.lock = threading.Lock()
        self.inside = self.most = 0

    def visit(self):
        try:
            if self.seats.acquire(blocking=False):
                self.come_and_go()
        finally:
            self.seats.release()

    def come_and_go(self):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        with self.lock:
            self.inside -= 1


def setup():
    return Room()


def ann(room):
    room.visit()


def bob(room):
    room.visit()


def cyd(room):
    room.visit()


WORKERS = [ann, bob, cyd]


def check(room):
    assert room.most == 1, f"{room.most} were inside at once, and there is one seat."
