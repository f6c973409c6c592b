"""A line that fails takes the seat along: nobody is let in any more."""

# fails: stuck
# today: yes
import threading


class Room:
    def __init__(self):
        self.seats = threading.Semaphore(1)
        self.open = True
        self.heard = []

    def send(self, line):
        if not self.open:
            raise OSError("the connection is closed")
        self.heard.append(line)

    def speak(self, line):
        self.seats.acquire()
        self.send(line)
        self.seats.release()


def setup():
    return Room()


def speak(room, line):
    try:
        room.speak(line)
    except OSError:
        pass  # the listener is gone


def ann(room):
    speak(room, "hello")


def bob(room):
    speak(room, "hi")


def listener(room):
    room.open = False


WORKERS = [ann, bob, listener]


def check(room):
    assert len(room.heard) <= 2, f"Two lines were said, and heard was {room.heard}."
