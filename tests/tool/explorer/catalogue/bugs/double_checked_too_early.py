"""Double-checked, but marked as ready before it is: the second thread passes by and finds nothing."""

# fails: exception
# today: yes
import threading


class Room:
    def __init__(self):
        self.ready = False
        self.topic = None
        self.lock = threading.Lock()

    def get_topic(self):
        if not self.ready:
            with self.lock:
                if not self.ready:
                    self.ready = True
                    self.topic = self.load_topic()
        return self.topic

    def load_topic(self):
        return "tea"


def setup():
    return Room()


def ann(room):
    room.get_topic().upper()


def bob(room):
    room.get_topic().upper()


WORKERS = [ann, bob]


def check(room):
    assert room.topic == "tea", f"The topic is {room.topic}."
