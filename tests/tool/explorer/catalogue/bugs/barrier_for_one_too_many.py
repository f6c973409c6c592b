"""The game waits for three players, and there are two: the server, too, was counted."""

# fails: stuck
# today: yes
import threading

PLAYERS = 2


class Game:
    def __init__(self):
        self.start = threading.Barrier(PLAYERS + 1)
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
