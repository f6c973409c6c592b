"""Votes in a list: `votes[i] += 1` is not one step, either."""
# fails: check
# today: no


class Poll:
    def __init__(self):
        self.votes = [0, 0]

    def vote(self, choice):
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
