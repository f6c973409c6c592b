"""Stage 03: one client must not wait for another: a thread per client."""

from chatlab.checks import check


@check(points=2, until=10)
def test_idle_first(server):
    """A second client is served while the first says nothing."""
    ann, bob = server.connect("ann"), server.connect("bob")
    server.welcomes(bob)
    server.welcomes(ann)
    bob.says("hello")
    (bob if server.stage < 5 else ann).hears_from(bob, "hello")


@check(points=1, needs="idle_first", until=4)
def test_in_turns(server):
    """Two clients talk in turns, each gets its own answers."""
    ann, bob = server.join("ann", "bob")
    for number in range(10):
        for peer in (ann, bob):
            peer.says(f"{peer.name} {number}")
            peer.hears_from(peer, f"{peer.name} {number}")


@check(needs="idle_first", until=4)
def test_half_a_line_each(server):
    """Lines of two clients that come in pieces, turn about, do not mix."""
    ann, bob = server.join("ann", "bob")
    ann.sends(b"an")
    server.has_taken(ann)
    bob.sends(b"bo")
    server.has_taken(bob)
    ann.sends(b"n\n")
    bob.sends(b"b\n")
    ann.hears_from(ann, "ann")
    bob.hears_from(bob, "bob")


@check(points=1, needs="idle_first", until=10)
def test_others_live_on(server):
    """A client that vanishes (a reset) leaves the others as they were."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    eve.resets()
    server.has_noticed(eve)
    if server.stage >= 5:  # until eve is removed whoever speaks may still suffer; that is stage 06
        ann.sees("client 1", "client 2")
    bob.says("still here")
    (bob if server.stage < 5 else ann).hears_from(bob, "still here")


@check(needs="others_live_on", until=10)
def test_bad_line_hurts_nobody_else(server):
    """A bad line ends its own connection and no other."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    eve.sends(b"\xff\n")
    eve.hears("error: line is not UTF-8")
    eve.hears_end()
    bob.says("still here")
    (bob if server.stage < 5 else ann).hears_from(bob, "still here")


@check(points=1, needs="others_live_on", until=10)
def test_gone_in_every_state(server):
    """Goodbye or reset, before a word, in the middle of a line or after one: the others never feel it."""
    ann, bob = server.join("ann", "bob")
    for said in (b"", b"half a li", b"hello\n"):
        for leave in ("says_goodbye", "resets"):
            (guest,) = server.join(f"guest {len(server.peers) - 1}")
            if said:
                guest.sends(said)
                server.has_taken(guest)
                if server.stage >= 5 and said.endswith(b"\n"):
                    ann.hears_from(guest, "hello")
                    bob.hears_from(guest, "hello")
            getattr(guest, leave)()
            server.has_noticed(guest)
            if server.stage >= 5:
                ann.sees("client 1", "client 2")
            bob.says("and we?")
            (bob if server.stage < 5 else ann).hears_from(bob, "and we?")


@check(points=1, needs="idle_first", until=10)
def test_threads_end(server):
    """A thread ends when its client has left: after twenty visitors there are no more threads than before."""
    (ann,) = server.join("ann")
    if server.stage < 5:
        ann.says("I am served")
        ann.hears_from(ann, "I am served")
    else:
        ann.hears_nothing()  # its thread has begun: the greeting may come from the thread that accepts
    before = len(server.threads())
    for number in range(20):
        (guest,) = server.join(f"guest {number}")
        guest.leaves()
    server.has_threads(before)


@check(needs="idle_first", until=10)
def test_fifty_are_served(server):
    """Fifty clients are here at once, and the last is served like the first."""
    peers = server.join(*[f"peer {number}" for number in range(50)])
    speaker = peers[-1]
    speaker.says("hello")
    (speaker if server.stage < 5 else peers[0]).hears_from(speaker, "hello")
