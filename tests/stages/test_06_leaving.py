"""Stage 06: polite close, reset, dead peer: removed once, told once, nothing leaks."""

from chatlab.checks import check
from chatlab.explorer import scenarios
from chatlab.language import tr


@check(points=2, until=10)
def test_goodbye_is_told(server):
    """When one says goodbye, the others are told so once."""
    ann, bob, eve = server.join("ann", "bob", "eve", notices=True)
    bob.says_goodbye()
    for peer in (ann, eve):
        peer.hears("client 2 left")
        peer.hears_nothing()
    bob.hears_end()


@check(points=2, needs="goodbye_is_told", until=10)
def test_reset_is_told(server):
    """When one vanishes (a reset), the others are told so once."""
    ann, bob, eve = server.join("ann", "bob", "eve", notices=True)
    bob.resets()
    for peer in (ann, eve):
        peer.hears("client 2 left")
        peer.hears_nothing()
    ann.sees("client 1", "client 3")


@check(points=1, needs="goodbye_is_told", until=10)
def test_told_finds_no_ghost(server):
    """Whoever has been told that one has left does not find it in /who any more."""
    ann, bob, *guests = server.join("ann", "bob", *(f"guest {number}" for number in range(20)))
    ann.hears_nothing()
    ann.notices = True
    bob.says_goodbye()
    ann.hears("client 2 left")
    ann.says("/who")
    ann.hears("here: client 1, " + ", ".join(f"client {guest.number}" for guest in guests))


@check(points=1, needs="goodbye_is_told", until=10)
def test_half_a_line(server):
    """Half a line of one who leaves is no line: the others hear only that it left."""
    ann, bob = server.join("ann", "bob", notices=True)
    bob.sends(b"I was going to s")
    server.has_taken(bob)
    bob.says_goodbye()
    ann.hears("client 2 left")
    ann.hears_nothing()


@check(points=1, needs="goodbye_is_told", until=10)
def test_last_words(server):
    """What one said just before leaving is heard first, then that it left."""
    ann, bob = server.join("ann", "bob", notices=True)
    bob.says("good", "bye")
    bob.says_goodbye()
    ann.hears("client 2: good", "client 2: bye", "client 2 left")


@check(needs="goodbye_is_told", until=10)
def test_thrown_out(server):
    """Whoever is thrown out for a bad line has left, too."""
    ann, bob = server.join("ann", "bob", notices=True)
    bob.sends(b"\xff\n")
    bob.hears("error: line is not UTF-8")
    ann.hears("client 2 left")
    ann.hears_nothing()


@check(points=2, needs="reset_is_told")
def test_dead_recipient(server):
    """A recipient that is dead keeps the line from nobody, and hurts nobody who speaks."""
    server.send_buffer = 16 * 1024
    ann, bob, eve = server.join("ann", "bob", "eve")
    stuck = server.connect("max", receive_buffer=4096)
    server.welcomes(stuck)
    # The thread that serves bob gets stuck, sending to max, who does not read: so it cannot notice that bob dies.
    bob.pours(b"x" * 4000 + b"\n" + 20 * (b"y" * 4000 + b"\n"))
    server.gets_stuck_with(stuck)
    bob.resets()
    ann.says("is bob all right?")
    server.has_taken(ann)
    server.settles()
    stuck.resets()  # a server may have come to max before eve: nobody promises the order of a broadcast
    eve.hears_from_amid(ann, "is bob all right?")


@check(points=1, needs="reset_is_told", until=10)
def test_leaves_in_mid_broadcast(server):
    """One vanishes while a thousand lines are on their way: the others hear every line, and once that it left."""
    ann, bob, eve = server.join("ann", "bob", "eve", notices=True)
    ann.pours("".join(f"line {number}\n" for number in range(1000)).encode())
    bob.hears("client 1: line 0")
    bob.resets()
    left = 0
    for number in range(1000):
        while eve.hears_one_of(f"client 1: line {number}", "client 2 left") == "client 2 left":
            left += 1
    if not left:
        eve.hears("client 2 left")
    if left > 1:
        raise server.failure("told-twice", tr("eve was told {left} times that client 2 left.", left=left))
    eve.hears_nothing()


@check(points=2, needs="reset_is_told", until=10)
def test_thirty_leave_at_once(server):
    """Thirty vanish at once: who stays is told of each of them once, and is alone."""
    (ann,) = server.join("ann", notices=True)
    guests = server.join(*(f"guest {number}" for number in range(30)))
    if server.stage >= 9:
        ann.hears(*(f"client {guest.number} joined" for guest in guests))
    for number, guest in enumerate(guests):
        guest.resets() if number % 2 else guest.says_goodbye()
    waiting = {f"client {guest.number} left" for guest in guests}
    while waiting:
        waiting.remove(ann.hears_one_of(*sorted(waiting)))
    ann.hears_nothing()
    ann.sees("client 1")


@check(points=1, needs="reset_is_told", until=10)
def test_goodbye_then_reset(server):
    """One who says goodbye and then vanishes as well has left once."""
    ann, bob = server.join("ann", "bob", notices=True)
    bob.says("bye")
    bob.says_goodbye()
    bob.resets()
    ann.hears("client 2: bye", "client 2 left")
    ann.hears_nothing()


# Under every schedule of their threads that two delays can make: see docs/explorer.md


@check(points=1, needs="goodbye_is_told", until=10)
def test_one_leaves_while_another_speaks(race):
    """One leaves while another speaks: those who stay hear it, once."""
    race(scenarios.one_leaves_while_another_speaks)


@check(points=1, needs="goodbye_is_told", until=10)
def test_reset_in_mid_broadcast(race):
    """One vanishes while another speaks: the rest hear it, and are told once who left."""
    race(scenarios.reset_in_mid_broadcast)


@check(points=1, needs="goodbye_is_told", until=10)
def test_two_leave_at_once(race):
    """Two leave at once, one politely and one not: the third is told of each, once."""
    race(scenarios.two_leave_at_once)
