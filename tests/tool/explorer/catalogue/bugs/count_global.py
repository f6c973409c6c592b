"""Two clients get one number: the global is read by both before either has written."""
# fails: check
# today: no

number = 0


def next_number():
    global number
    number = number + 1
    return number


def setup():
    return []


def ann(numbers):
    numbers.append(next_number())


def bob(numbers):
    numbers.append(next_number())


WORKERS = [ann, bob]


def check(numbers):
    assert sorted(numbers) == [1, 2], f"The numbers are {sorted(numbers)}."
