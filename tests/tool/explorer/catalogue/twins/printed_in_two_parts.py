"""A lock keeps what belongs together; even one print writes its text and its end one by one."""

import threading


class Screen:
    def __init__(self):
        self.shown = []

    def write(self, text):
        self.shown.append(text)


class Client:
    def __init__(self):
        self.screen = Screen()
        self.lock = threading.Lock()

    def show(self, name, text):
        with self.lock:
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
