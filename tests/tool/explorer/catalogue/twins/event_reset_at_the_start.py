"""A new event is not set: nothing need be cleared."""

import threading


class Talk:
    def __init__(self):
        self.answer = ""
        self.answered = threading.Event()


def setup():
    return Talk()


def ann(talk):
    talk.answered.wait()
    assert talk.answer == "hi", "Ann has waited for an answer, and there is none."


def bob(talk):
    talk.answer = "hi"
    talk.answered.set()


WORKERS = [ann, bob]


def check(talk):
    assert talk.answered.is_set(), "The answer is there, and the event says that it is not."
