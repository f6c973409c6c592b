"""Lines by room: `d[key] += 1` reads the entry, and then writes it."""
# fails: check
# today: no


def setup():
    return {"lobby": 0}


def ann(lines):
    lines["lobby"] += 1


def bob(lines):
    lines["lobby"] += 1


WORKERS = [ann, bob]


def check(lines):
    assert lines["lobby"] == 2, f"Two lines were said in the lobby, and {lines['lobby']} counted."
