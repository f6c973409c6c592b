"""Stage 09: nicknames, /who, /msg, /quit, notices, limits."""

from chatlab.checks import check
from chatlab.explorer import scenarios

BAD_NICKNAME = "error: a nickname is 1 to 20 letters or digits and starts with a letter"


@check(points=1, until=10)
def test_joined(server):
    """When one joins, the others are told; the one who joins is not."""
    ann, bob = server.join("ann", "bob", notices=True)
    bob.hears_nothing()
    eve = server.connect("eve")
    server.welcomes(eve)
    ann.hears("client 3 joined")
    bob.hears("client 3 joined")


@check(points=1, until=10)
def test_nickname(server):
    """/nick ann: its owner is told, the others are told, and it stands in every line from then on."""
    ann, bob = server.join("ann", "bob")
    ann.says("/nick ann")
    ann.hears("you are ann")
    bob.hears("client 1 is now ann")
    ann.says("hello")
    bob.hears("ann: hello")
    bob.says("/who")
    bob.hears("here: ann, client 2")


@check(points=1, needs="nickname", until=10)
def test_renamed(server):
    """A nickname can be changed, and the old one is free again."""
    ann, bob = server.join("ann", "bob")
    takes(ann, "ann", bob, "client 1")
    takes(ann, "anna", bob, "ann")
    takes(bob, "ann", ann, "client 2")
    bob.says("I am ann now")
    ann.hears("ann: I am ann now")


@check(points=2, needs="nickname", until=10)
def test_taken(server):
    """A nickname that somebody here has is refused, and nobody else hears of it."""
    ann, bob = server.join("ann", "bob")
    takes(ann, "ann", bob, "client 1")
    bob.says("/nick ann")
    bob.hears("error: the nickname ann is taken")
    ann.hears_nothing()
    bob.says("/who")
    bob.hears("here: ann, client 2")


@check(points=1, needs="taken", until=10)
def test_freed_by_leaving(server):
    """When its owner leaves, politely or not, a nickname is free again."""
    ann, bob = server.join("ann", "bob")
    for leave in ("says_goodbye", "resets"):
        (guest,) = server.join(f"guest {leave}")
        takes(guest, "ghost", ann, f"client {guest.number}")
        bob.hears(f"client {guest.number} is now ghost")
        ann.notices = True
        getattr(guest, leave)()
        ann.hears("ghost left")
        ann.notices = False
        bob.hears("ghost left")
        takes(ann, "ghost", bob, ann.nickname or "client 1")
        takes(ann, f"ann{guest.number}", bob, "ghost")


@check(points=1, needs="nickname", until=10)
def test_bad_nicknames(server):
    """A nickname that is empty, too long, has other signs or starts with a digit is refused."""
    ann, bob = server.join("ann", "bob")
    for nickname in ("", " ", "5", "7up", "a b", "a,b", "ann!", "x" * 21, "client 2", "\x1b[31mred"):
        ann.says(f"/nick {nickname}")
        ann.hears(BAD_NICKNAME)
    ann.says("/nick")
    ann.hears(BAD_NICKNAME)
    bob.hears_nothing()


@check(needs="nickname", until=10)
def test_any_alphabet(server):
    """A nickname may be of any alphabet, and twenty letters long."""
    ann, bob = server.join("ann", "bob")
    takes(ann, "Аня", bob, "client 1")
    takes(bob, "x" * 20, ann, "client 2")
    ann.says("привет")
    bob.hears("Аня: привет")


@check(points=2, needs="nickname", until=10)
def test_private(server):
    """/msg bob hi reaches bob and nobody else."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    takes(bob, "bob", ann, "client 2")
    eve.hears("client 2 is now bob")
    ann.says("/msg bob hi, bob")
    bob.hears("client 1 to you: hi, bob")
    ann.hears_nothing()
    ann.says("hello, all")
    eve.hears("client 1: hello, all")


@check(points=1, needs="private", until=10)
def test_private_by_number(server):
    """/msg 2 hi reaches client 2, whether it has a nickname or not."""
    ann, bob = server.join("ann", "bob")
    ann.says("/msg 2 hi")
    bob.hears("client 1 to you: hi")
    takes(bob, "bob", ann, "client 2")
    ann.says("/msg 2 hi again")
    bob.hears("client 1 to you: hi again")


@check(points=1, needs="private", until=10)
def test_private_to_nobody(server):
    """/msg to somebody who is not here, or without a text, is answered with what is wrong."""
    ann, bob = server.join("ann", "bob")
    ann.says("/msg zoe hi")
    ann.hears("error: nobody here is called zoe")
    for line in ("/msg", "/msg ", "/msg 2", "/msg 2 "):
        ann.says(line)
        ann.hears("error: write /msg NAME TEXT")
    bob.hears_nothing()


@check(points=1, until=10)
def test_quit(server):
    """/quit: goodbye, and the connection is closed; the others are told."""
    ann, bob = server.join("ann", "bob", notices=True)
    bob.says("/quit")
    bob.hears("goodbye")
    bob.hears_end()
    ann.hears("client 2 left")
    ann.sees("client 1")


@check(points=1, until=10)
def test_unknown_commands(server):
    """A command that there is not gets an answer, goes to nobody else, and does no harm."""
    ann, bob = server.join("ann", "bob")
    for command in ("/dance", "/", "//", "/WHO", "/nickname ann", "/quitter", "/%s%d{0}"):
        ann.says(command)
        ann.hears(f"error: unknown command {command.split(' ')[0]}")
    bob.hears_nothing()


@check(points=1)
def test_full(server):
    """A hundred may come; the next is told that the chat is full, until somebody leaves."""
    peers = server.join(*(f"guest {number}" for number in range(100)))
    late = server.connect("late")
    late.hears("error: the chat is full", "goodbye")
    late.hears_end()
    peers[50].resets()
    peers[0].sees(*(f"client {number}" for number in range(1, 101) if number != 51))
    (another,) = server.join("another")
    another.says("just in time")
    peers[99].hears_from(another, "just in time")


@check(points=1, until=10)
def test_client_quit(programs):
    """After /quit the client shows the goodbye and ends with exit status 0, though the keyboard is still there."""
    client, server = programs.connected_client()
    client.types("/quit")
    server.hears("/quit")
    server.says("goodbye")
    client.shows("goodbye\n")
    server.lingers()
    server.closes()
    client.ends(0)


def takes(peer, nickname, witness, old):
    """The peer takes the nickname: it is told, and the witness is told."""
    peer.says(f"/nick {nickname}")
    peer.hears(f"you are {nickname}")
    witness.hears(f"{old} is now {nickname}")
    peer.nickname = nickname


# Under every schedule of their threads that two delays can make: see docs/explorer.md


@check(points=1, needs="nickname", until=10)
def test_two_claim_one_nickname(race):
    """Two claim one nickname at once: one gets it, the other is told that it is taken."""
    race(scenarios.two_claim_one_nickname)
