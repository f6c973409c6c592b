"""The reader clears the event to begin anew, and forgets that the other may have set it already."""
# fails: lost wakeup
# today: yes
import threading


class Talk:
    def __init__(self):
        self.question = ""
        self.answered = threading.Event()


def setup():
    return Talk()


def ann(talk):
    talk.question = "anybody here?"
    talk.answered.clear()
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
