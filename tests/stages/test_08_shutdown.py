"""Stage 08: stop accepting, say goodbye, wake and join every thread, within a deadline."""

import sys

import pytest

from chatlab.checks import check
from chatlab.explorer import scenarios
from chatlab.language import tr

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="not run: a test cannot press Ctrl-C on Windows")


@check(points=1, until=10)
def test_nobody_here(server):
    """With nobody here, serve returns when its listener is closed."""
    server.start()
    server.stop_listening()
    server.must_end()


@check(points=2, needs="nobody_here", until=10)
def test_idle(server):
    """Two who say nothing hear goodbye; then their connections are closed, serve returns, and no thread is left."""
    ann, bob = server.join("ann", "bob", notices=True)
    server.stop_listening()
    for peer in (ann, bob):
        peer.hears("goodbye")
        peer.hears_end()
    server.must_end()


@check(points=1, needs="idle", until=10)
def test_returns_last(server):
    """serve returns when every other thread has ended, however long that takes."""
    ann, bob = server.join("ann", "bob")
    server.must_end_last()
    for peer in (ann, bob):
        peer.hears("goodbye")
        peer.hears_end()


@check(points=2, needs="idle", until=10)
def test_talking(server):
    """One who talks without a pause does not keep the server: all hear goodbye as their last line."""
    ann, bob = server.join("ann", "bob")
    ann.pours(b"and another thing\n" * 1000, again=True)
    bob.hears_from(ann, *["and another thing"] * 100)
    server.stop_listening()
    for peer in (bob, ann):
        last_line_is_goodbye(server, peer)
    server.must_end()


@check(points=2, needs="idle", until=10)
def test_reads_it_later(server):
    """One who is not reading at that moment finds the goodbye behind all that it has not read yet."""
    ann, late = server.join("ann", "late")
    lines = [f"line {number}" for number in range(50)]
    ann.says(*lines)
    ann.hears_nothing()
    server.stop_listening()
    ann.hears("goodbye")
    server.must_end()
    late.hears_from(ann, *lines)
    late.hears("goodbye")
    late.hears_end()


@check(points=2, needs="idle", until=10)
def test_stuck(server):
    """One who never reads, its buffers full, does not keep the server: the others hear goodbye, serve returns."""
    server.send_buffer = 16 * 1024
    stuck = server.connect("max", receive_buffer=4096)
    server.welcomes(stuck)
    ann, eve = server.join("ann", "eve")
    lines = [f"{number} {'.' * 990}" for number in range(60)]
    ann.says(*lines)
    eve.hears_from(ann, *lines)
    server.stop_listening()
    for peer in (ann, eve):
        peer.hears("goodbye")
        peer.hears_end()
    server.must_end()


@check(points=1, needs="idle", until=10)
def test_leaving_meanwhile(server):
    """One who leaves in the same moment makes no trouble."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    bob.says_goodbye()
    eve.resets()
    server.stop_listening()
    ann.hears("goodbye")
    ann.hears_end()
    server.must_end()


@check(points=1, needs="idle", until=10)
def test_fifty(server):
    """Fifty hear goodbye."""
    peers = server.join(*(f"guest {number}" for number in range(50)))
    server.stop_listening()
    for peer in peers:
        peer.hears("goodbye")
        peer.hears_end()
    server.must_end()


@POSIX
@check(points=1, needs="idle", until=10)
def test_ctrl_c_with_clients(programs):
    """Ctrl-C: everyone hears goodbye, and the program ends with exit status 0."""
    server = programs.server("127.0.0.1", "0")
    address = server.listening()
    peers = [programs.peer(name, address) for name in ("ann", "bob")]
    for peer in peers:
        peer.hears_line()
    server.interrupts()
    for peer in peers:
        peer.hears("goodbye")
        peer.hears_end()
    server.ends(0)


def last_line_is_goodbye(server, peer):
    rest = peer.hears_rest()
    if not rest.endswith(b"\ngoodbye\n") and rest != b"goodbye\n":
        heard = {"name": peer.name, "heard": rest[-40:]}
        if b"\ngoodbye\n" in rest:
            text = tr("{name} hears more lines behind its goodbye: the last that it heard is {heard!r}.", **heard)
        else:
            text = tr("{name} is not told goodbye: the last that it heard is {heard!r}.", **heard)
        raise server.failure("no-goodbye", text)


# Under every schedule of their threads that two delays can make: see docs/explorer.md


@check(points=1, needs="idle", until=10)
def test_shutdown_while_a_client_joins(race):
    """The server stops while one joins: nobody is left waiting, and who was here hears goodbye last."""
    race(scenarios.shutdown_while_a_client_joins)


@check(points=1, needs="idle", until=10)
def test_shutdown_while_one_speaks(race):
    """The server stops while one speaks: goodbye is the last line of all."""
    race(scenarios.shutdown_while_one_speaks)
