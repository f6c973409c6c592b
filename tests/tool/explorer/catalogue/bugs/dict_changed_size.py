"""A client leaves in the middle of a broadcast: the dictionary changes its size while it is gone through."""
# fails: exception
# today: yes


class Room:
    def __init__(self):
        self.outboxes = {"ann": [], "bob": []}

    def broadcast(self, line):
        for name in self.outboxes:
            self.deliver(name, line)

    def deliver(self, name, line):
        outbox = self.outboxes.get(name)
        if outbox is not None:
            outbox.append(line)

    def leave(self, name):
        self.outboxes.pop(name)


def setup():
    return Room()


def ann(room):
    room.broadcast("hello")


def bob(room):
    room.leave("bob")


WORKERS = [ann, bob]


def check(room):
    assert room.outboxes == {"ann": ["hello"]}, f"The outboxes are {room.outboxes}."
