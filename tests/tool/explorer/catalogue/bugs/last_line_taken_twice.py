"""Two senders want the last line of an outbox: it is not empty when they look, but when they take."""
# fails: exception
# today: no


class Outbox:
    def __init__(self):
        self.lines = ["hello"]
        self.sent = []

    def send_one(self):
        if self.lines:
            self.sent.append(self.lines.pop())


def setup():
    return Outbox()


def first_sender(outbox):
    outbox.send_one()


def second_sender(outbox):
    outbox.send_one()


WORKERS = [first_sender, second_sender]


def check(outbox):
    assert outbox.sent == ["hello"], f"Sent was {outbox.sent}."
