"""Ann tries the lock until she gets it, and who held it has ended without letting go."""

# fails: livelock
# today: yes
import threading


class Room:
    def __init__(self):
        self.names = ["ann"]
        self.lock = threading.Lock()

    def join(self, name):
        self.lock.acquire()
        if name in self.names:
            return  # the name is taken
        self.names.append(name)
        self.lock.release()

    def leave(self, name):
        while not self.lock.acquire(blocking=False):
            pass
        self.names.remove(name)
        self.lock.release()


def setup():
    return Room()


def ann(room):
    room.leave("ann")


def namesake(room):
    room.join("ann")


WORKERS = [ann, namesake]


def check(room):
    assert room.names in ([], ["ann"]), f"In the room are {room.names}."
