"""A client is in the list before it has a name: who reads the list at that moment finds none."""
# fails: exception
# today: yes


class Client:
    pass


class Room:
    def __init__(self):
        self.clients = []

    def join(self, name):
        client = Client()
        self.clients.append(client)
        client.name = name

    def who(self):
        return [client.name for client in self.clients]


def setup():
    return Room()


def ann(room):
    room.join("ann")


def bob(room):
    assert room.who() in ([], ["ann"]), "The list has somebody else."


WORKERS = [ann, bob]


def check(room):
    assert room.who() == ["ann"], f"In the room are {room.who()}."
