"""Ann goes round until she is let in, but the door was looked at before she knocked."""
# fails: livelock
# today: yes


class Room:
    def __init__(self):
        self.knocked = False
        self.let_in = False

    def knock(self):
        self.knocked = True
        while not self.let_in:
            pass

    def open_if_asked(self):
        if self.knocked:
            self.let_in = True


def setup():
    return Room()


def ann(room):
    room.knock()


def owner(room):
    room.open_if_asked()


WORKERS = [ann, owner]


def check(room):
    assert room.let_in, "Ann is inside, and nobody has let her in."
