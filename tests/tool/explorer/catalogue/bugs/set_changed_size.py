"""Somebody joins while the names are listed: the set changes its size."""
# fails: exception
# today: yes


class Room:
    def __init__(self):
        self.names = {"ann", "cyd"}

    def who(self):
        answer = []
        for name in self.names:
            answer.append(name)
        return sorted(answer)


def setup():
    return Room()


def ann(room):
    assert "ann" in room.who(), "Ann is not in the list of names."


def bob(room):
    room.names.add("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.who() == ["ann", "bob", "cyd"], f"The names are {room.who()}."
