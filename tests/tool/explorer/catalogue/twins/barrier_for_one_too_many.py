"""The barrier is for those who wait at it."""

import threading

PLAYERS = 2


class Game:
    def __init__(self):
        self.start = threading.Barrier(PLAYERS)
        self.lines = []

    def play(self, name):
        self.start.wait()
        self.lines.append(f"{name} plays")


def setup():
    return Game()


def ann(game):
    game.play("ann")


def bob(game):
    game.play("bob")


WORKERS = [ann, bob]


def check(game):
    assert sorted(game.lines) == ["ann plays", "bob plays"], f"The lines are {game.lines}."
