"""The reader clears the event to begin anew, and forgets that the other may have set it already."""

# fails: lost wakeup
# today: yes
import threading


class Talk:
    def __init__(self):
        self.answer = ""
        self.answered = threading.Event()


def setup():
    return Talk()


def ann(talk):
    talk.answered.clear()
    talk.answered.wait()
    assert talk.answer == "hi", "Ann has waited for an answer, and there is none."


def bob(talk):
    talk.answer = "hi"
    talk.answered.set()


WORKERS = [ann, bob]


def check(talk):
    assert talk.answered.is_set(), "The answer is there, and the event says that it is not."
