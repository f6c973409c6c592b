"""Votes in a list, and a lock for all of them."""

import threading


class Poll:
    def __init__(self):
        self.votes = [0, 0]
        self.lock = threading.Lock()

    def vote(self, choice):
        with self.lock:
            self.votes[choice] += 1


def setup():
    return Poll()


def ann(poll):
    poll.vote(1)


def bob(poll):
    poll.vote(1)


WORKERS = [ann, bob]


def check(poll):
    assert poll.votes == [0, 2], f"Both voted for 1, and the votes are {poll.votes}."
