"""One invitation lets two in: the flag is tested by both before it is lowered."""
# fails: check
# today: no


class Room:
    def __init__(self):
        self.invited = True
        self.inside = []

    def enter(self, name):
        if self.invited:
            self.invited = False
            self.inside.append(name)


def setup():
    return Room()


def ann(room):
    room.enter("ann")


def bob(room):
    room.enter("bob")


WORKERS = [ann, bob]


def check(room):
    assert len(room.inside) == 1, f"One invitation has let {len(room.inside)} in."
