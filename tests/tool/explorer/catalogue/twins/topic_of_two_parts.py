"""What belongs together is one tuple, and one write."""


class Room:
    def __init__(self):
        self.topic_and_setter = "tea", "cyd"

    def set_topic(self, topic, name):
        self.topic_and_setter = topic, name

    def show(self):
        return self.topic_and_setter


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
