"""Name and text are printed one after the other: both names come first, and nobody knows who said what."""
# fails: check
# today: yes


class Screen:
    def __init__(self):
        self.shown = []

    def write(self, text):
        self.shown.append(text)


class Client:
    def __init__(self):
        self.screen = Screen()

    def show(self, name, text):
        print(name, end=": ", file=self.screen)
        print(text, file=self.screen)


def setup():
    return Client()


def ann(client):
    client.show("ann", "hello")


def bob(client):
    client.show("bob", "hi")


WORKERS = [ann, bob]


def check(client):
    shown = "".join(client.screen.shown)
    assert sorted(shown.splitlines()) == ["ann: hello", "bob: hi"], f"On the screen is {shown!r}."
