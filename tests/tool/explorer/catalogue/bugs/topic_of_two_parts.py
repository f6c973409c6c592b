"""The topic and who has set it are written one by one: a reader gets the new topic under the old name."""
# fails: check
# today: no


class Room:
    def __init__(self):
        self.topic, self.setter = "tea", "cyd"

    def set_topic(self, topic, name):
        self.topic = topic
        self.setter = name

    def show(self):
        return self.topic, self.setter


def setup():
    room = Room()
    room.seen = []
    return room


def ann(room):
    room.set_topic("coffee", "ann")


def bob(room):
    room.seen.append(room.show())


WORKERS = [ann, bob]


def check(room):
    assert room.seen[0] in (("tea", "cyd"), ("coffee", "ann")), f"Bob sees {room.seen[0]}."
