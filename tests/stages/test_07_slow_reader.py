"""Stage 07: one client that does not read must not stop the rest: outbox, writer thread, bound, policy."""

from chatlab.checks import check
from chatlab.explorer import scenarios
from chatlab.language import tr

LINES = [f"{number:05} {'.' * 994}" for number in range(5000)]  # 5 MB
BOUND = 3_000_000  # bytes that the server may keep for one who does not read


@check(points=3, until=10)
def test_rest_hear_every_line(server):
    """One never reads while another sends 5 MB: the rest hear every line."""
    ann, eve, stuck = with_a_stuck_client(server)
    ann.pours(as_bytes(LINES))
    eve.hears_from(ann, *LINES)
    ann.hears_nothing()


@check(points=3, needs="rest_hear_every_line", until=10)
def test_memory_is_bounded(server):
    """Meanwhile the server keeps at most 3 MB for the one who never reads."""
    ann, eve, stuck = with_a_stuck_client(server)
    server.weighs_memory()
    talks(ann, LINES, eve)
    ann.hears_nothing()
    kept = server.memory_kept()
    if kept > BOUND:
        text = tr(
            "The server keeps {kept:,} bytes for max, who does not read; with more lines it "
            "would keep more. A queue without a bound fills the memory: give it one, and a rule "
            "for what happens when it is full.",
            kept=kept,
        )
        raise server.failure("unbounded", text)


@check(points=1, needs="rest_hear_every_line", until=10)
def test_newcomer_meanwhile(server):
    """While one is stuck and another talks, a newcomer is welcomed and heard."""
    ann, eve, stuck = with_a_stuck_client(server)
    talks(ann, LINES[:200], eve)
    ann.pours(as_bytes(LINES[200:400]))
    (zoe,) = server.join("zoe")
    zoe.says("what a noise")
    eve.hears_from_amid(zoe, "what a noise")


@check(points=1, needs="rest_hear_every_line", until=10)
def test_late_reader(server):
    """One who reads late, but before the bound is reached, gets everything in order."""
    ann, eve, late = with_a_stuck_client(server)
    lines = [f"line {number}" for number in range(100)]
    ann.says(*lines)
    eve.hears_from(ann, *lines)
    late.hears_from(ann, *lines)
    ann.says("and on")
    late.hears_from(ann, "and on")


@check(points=2, needs="late_reader", until=10)
def test_flushed_after_goodbye(server):
    """One who says goodbye still gets what was on its way to it."""
    ann, eve, late = with_a_stuck_client(server)
    lines = [f"line {number} {'.' * 2000}" for number in range(100)]
    ann.says(*lines)
    ann.hears_nothing()  # answered when all the lines were passed on
    late.says_goodbye()
    server.has_noticed(late)
    late.hears_from(ann, *lines)
    late.hears_end()


@check(points=1, needs="rest_hear_every_line", until=10)
def test_stuck_one_vanishes(server):
    """The stuck client vanishes: it is removed, the others are told once, and the chat goes on."""
    ann, eve, stuck = with_a_stuck_client(server)
    talks(ann, LINES[:1000], eve)
    stuck.resets()
    ann.sees("client 1", "client 2")
    ann.says("poor max")
    eve.hears_from(ann, "poor max")


@check(points=1, needs="rest_hear_every_line")
def test_two_are_stuck(server):
    """Two who never read stop the rest no more than one does."""
    ann, eve, _ = with_a_stuck_client(server)
    another = server.connect("moe", receive_buffer=4096)
    server.welcomes(another)
    talks(ann, LINES[:1000], eve)
    ann.hears_nothing()


def talks(speaker, lines, listener):
    """The speaker says the lines, no faster than the listener reads them: its outbox never fills."""
    for first in range(0, len(lines), 50):
        speaker.sends(as_bytes(lines[first : first + 50]))
        listener.hears_from(speaker, *lines[first : first + 50])


def with_a_stuck_client(server):
    """Return ann, eve, and max, who does not read and whose buffers are small."""
    server.send_buffer = 16 * 1024
    ann, eve = server.join("ann", "eve")
    stuck = server.connect("max", receive_buffer=4096)
    server.welcomes(stuck)
    return ann, eve, stuck


def as_bytes(lines):
    return "".join(line + "\n" for line in lines).encode()


# Under every schedule of their threads that two delays can make: see docs/explorer.md


@check(points=1, needs="rest_hear_every_line", until=10)
def test_full_client_while_a_third_joins(race):
    """One does not read and its buffer is full: another who speaks is heard, and a third can join."""
    race(scenarios.full_client_while_a_third_joins)
