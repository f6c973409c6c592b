"""Never change a list that others go over, but its copy: yet two who copy at once each lose the other's change."""
# fails: check
# today: yes


class Room:
    def __init__(self):
        self.names = ["ann", "bob", "cyd"]

    def leave(self, name):
        names = self.names.copy()
        names.remove(name)
        self.names = names


def setup():
    return Room()


def ann(room):
    room.leave("ann")


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.names == ["cyd"], f"Two have left, and in the room are {room.names}."
