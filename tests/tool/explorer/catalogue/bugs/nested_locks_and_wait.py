"""A reader waits for a line and lets go of the outbox, but not of the room, which the writer needs first."""

# fails: deadlock
# today: yes
import threading


class Room:
    def __init__(self):
        self.lock = threading.Lock()
        self.arrived = threading.Condition()
        self.lines = []

    def take(self):
        with self.lock:
            with self.arrived:
                while not self.lines:
                    self.arrived.wait()
                return self.lines.pop()

    def put(self, line):
        with self.lock:
            with self.arrived:
                self.lines.append(line)
                self.arrived.notify()


def setup():
    room = Room()
    room.taken = []
    return room


def ann(room):
    room.taken.append(room.take())


def bob(room):
    room.put("hello")


WORKERS = [ann, bob]


def check(room):
    assert room.taken == ["hello"], f"Taken was {room.taken}."
