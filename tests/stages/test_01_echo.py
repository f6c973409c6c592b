"""Stage 01: a socket, bind, listen, accept, recv, sendall; b"" is goodbye."""

import socket
import sys

import pytest

from chatlab.checks import check
from chatlab.language import tr

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="not run: a test cannot press Ctrl-C on Windows")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="not run: only Linux lets a test hold a port for this")
MEGABYTE = bytes(range(256)) * 4096


@check(points=1, until=10)
def test_listens(programs):
    """python server.py HOST PORT listens there, and says so."""
    server = programs.server("127.0.0.1", "0")
    programs.peer("ann", server.listening())


@check(points=1)
def test_hello(server):
    """What a client sends comes back."""
    ann = server.connect("ann")
    ann.sends(b"hello")
    ann.hears_bytes(b"hello")


@check(points=1, needs="hello")
def test_again_and_again(server):
    """A client may go on sending, any bytes at all."""
    ann = server.connect("ann")
    for data in (b"one", b"\n", b"\x00\xff\xfe", "привет".encode(), b" "):
        ann.sends(data)
        ann.hears_bytes(data)


@check(points=1, needs="hello")
def test_megabyte(server):
    """1 MB comes back whole."""
    ann = server.connect("ann")
    ann.pours(MEGABYTE)
    ann.hears_bytes(MEGABYTE)


@check(points=1, needs="hello")
def test_goodbye(server):
    """When a client says goodbye, the server closes its connection."""
    ann = server.connect("ann")
    ann.sends(b"hello")
    ann.hears_bytes(b"hello")
    ann.says_goodbye()
    ann.hears_end()


@check(needs="goodbye")
def test_rest_after_goodbye(server):
    """A client that says goodbye in a hurry still gets all that it sent."""
    ann = server.connect("ann")
    data = MEGABYTE[:50_000]
    ann.sends(data)
    ann.says_goodbye()
    ann.hears_bytes(data)
    ann.hears_end()


@check(points=1, needs="goodbye")
def test_next_client(server):
    """When one client has left, the next is served."""
    ann = server.connect("ann")
    ann.sends(b"hello")
    ann.hears_bytes(b"hello")
    ann.leaves()
    bob = server.connect("bob")
    bob.sends(b"me too")
    bob.hears_bytes(b"me too")


@check(needs="next_client", until=3)
def test_silent_visitor(server):
    """A client that leaves without a word is no trouble."""
    server.connect("ann").leaves()
    bob = server.connect("bob")
    bob.sends(b"hello\n")
    bob.hears_bytes(b"hello\n" if server.stage == 1 else b"you said: hello\n")


@check(points=1, needs="next_client")
def test_reset(server):
    """A client that vanishes (a reset) does not end the server."""
    ann = server.connect("ann")
    ann.sends(b"hello")
    ann.hears_bytes(b"hello")
    ann.resets()
    server.has_noticed(ann)
    bob = server.connect("bob")
    bob.sends(b"still there?")
    bob.hears_bytes(b"still there?")


@check(needs="reset")
def test_reset_in_the_middle(server):
    """A client that vanishes while the server sends to it does not end the server."""
    ann = server.connect("ann", receive_buffer=4096)
    ann.pours(MEGABYTE * 16)  # more than all buffers on the way hold
    server.gets_stuck_with(ann)
    ann.resets()
    bob = server.connect("bob")
    bob.sends(b"still there?")
    bob.hears_bytes(b"still there?")


@POSIX
@check(needs="listens", until=10)
def test_ctrl_c(programs):
    """Ctrl-C ends the server with exit status 0 and no traceback."""
    server = programs.server("127.0.0.1", "0")
    ann = programs.peer("ann", server.listening())
    ann.says_goodbye()
    ann.hears_rest()  # it has been served: the program is past its first lines
    server.interrupts()
    server.ends(0)


@check(needs="listens", until=10)
def test_port_in_use(programs):
    """A port in use: one sentence, exit status 1."""
    taken = programs.listen().getsockname()[1]
    programs.server("127.0.0.1", str(taken)).ends(1, sentence=True)


@check(needs="listens", until=10)
def test_bad_port(programs):
    """A bad port number: one sentence, exit status 1, from server and client."""
    for port in ("http", "-1", "65536", ""):
        server, client = programs.server("127.0.0.1", port), programs.client("127.0.0.1", port)
        server.ends(1, sentence=True)
        client.ends(1, sentence=True)


@LINUX
@check(points=1, needs="listens", until=10)
def test_starts_again(programs):
    """The server starts on a port that an earlier run has used a moment ago."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)  # stands for what an earlier run leaves behind
    programs.sockets.append(held)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    server = programs.server("127.0.0.1", str(held.getsockname()[1]))
    if server.starts():
        programs.peer("ann", server.listening())
        return
    raise server.failure(
        "address-in-use",
        tr(
            "The server cannot listen on a port that was in use a moment ago: the system keeps "
            "it for a minute. Set SO_REUSEADDR on the listener before bind."
        ),
    )


@check(needs="hello")
def test_client_shows_the_echo(programs):
    """The client sends what is typed and shows all that comes back, in whatever pieces."""
    client, server = programs.connected_client()
    client.types("hello")
    server.hears_bytes(b"hello\n")
    server.sends(b"hel", b"lo\n")
    client.shows("hello\n")
    client.types("привет")
    server.hears_bytes("привет\n".encode())
    server.sends("привет\n".encode())
    client.shows("привет\n")


@check(until=10)
def test_client_ctrl_d(programs):
    """When the keyboard ends (Ctrl-D), the client ends with exit status 0."""
    client, server = programs.connected_client()
    client.ends_typing()
    if server.hears_rest() == b"":
        server.closes()
    client.ends(0)


@check(until=4)
def test_client_server_goes(programs):
    """When the server has gone, the next line typed ends the client: one sentence, exit status 1."""
    client, server = programs.connected_client()
    server.closes()
    client.types("anybody there?")
    client.ends(1, sentence=True)


@check(until=10)
def test_client_refused(programs):
    """Nobody listens: one sentence, exit status 1."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)  # bound, so that nobody else gets it; not listening
    programs.sockets.append(held)
    held.bind(("127.0.0.1", 0))
    programs.client("127.0.0.1", str(held.getsockname()[1])).ends(1, sentence=True)
