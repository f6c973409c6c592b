"""A counter in a closure loses a line: the variable is shared by all who call it."""
# fails: check
# today: no


def make_counter():
    count = 0

    def add():
        nonlocal count
        count += 1

    def value():
        return count

    return add, value


def setup():
    return make_counter()


def ann(counter):
    add, value = counter
    add()


def bob(counter):
    add, value = counter
    add()


WORKERS = [ann, bob]


def check(counter):
    add, value = counter
    assert value() == 2, f"Two lines were said, and {value()} counted."
