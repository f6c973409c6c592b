"""Reader and sender both close the connection: the flag is lowered only after the goodbye."""
# fails: check
# today: yes


class Client:
    def __init__(self):
        self.open = True
        self.log = []

    def close(self):
        if self.open:
            self.log.append("goodbye")
            self.open = False
            self.log.append("closed")


def setup():
    return Client()


def reader(client):
    client.close()


def sender(client):
    client.close()


WORKERS = [reader, sender]


def check(client):
    assert client.log == ["goodbye", "closed"], f"What was done: {client.log}."
