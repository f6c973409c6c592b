"""A new event is not set: nothing need be cleared."""

import threading


class Talk:
    def __init__(self):
        self.question = ""
        self.answered = threading.Event()


def setup():
    return Talk()


def ann(talk):
    talk.question = "anybody here?"
    talk.answered.wait()


def bob(talk):
    if talk.question:
        talk.answered.set()
    else:
        talk.question = "asked by bob"
        talk.answered.set()


WORKERS = [ann, bob]


def check(talk):
    assert talk.answered.is_set(), "Ann went on without an answer."
