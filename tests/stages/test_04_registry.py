"""Stage 04: state that threads share: unique numbers, who is here, a lock."""

from chatlab.checks import check
from chatlab.explorer import scenarios
from chatlab.language import tr


@check(points=1, until=10)
def test_welcome(server):
    """Each client is told its number before anything else: 1, then 2, then 3."""
    for number, name in enumerate(("ann", "bob", "eve"), start=1):
        server.connect(name).hears(f"you are client {number}")


@check(points=1, needs="welcome", until=10)
def test_who(server):
    """/who tells who is here, in the order they came, to the one who asks."""
    ann, bob = server.join("ann", "bob")
    ann.says("/who")
    ann.hears("here: client 1, client 2")
    server.join("eve")
    bob.says("/who")
    bob.hears("here: client 1, client 2, client 3")


@check(points=1, needs="who", until=10)
def test_gone_from_who(server):
    """Who has said goodbye is not here any more."""
    ann, bob = server.join("ann", "bob")
    ann.leaves()
    bob.sees("client 2")


@check(points=1, needs="gone_from_who", until=10)
def test_reset_from_who(server):
    """Who has vanished (a reset) is not here any more either."""
    ann, bob = server.join("ann", "bob")
    ann.resets()
    bob.sees("client 2")


@check(needs="gone_from_who", until=10)
def test_bad_line_from_who(server):
    """Whoever is thrown out for a bad line is not here any more."""
    ann, bob = server.join("ann", "bob")
    ann.sends(b"\xff\n")
    ann.hears("error: line is not UTF-8")
    ann.hears_end()
    bob.sees("client 2")


@check(points=2, needs="welcome", until=10)
def test_never_used_again(server):
    """A number is never used again, whoever leaves, in whatever order."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    bob.leaves()
    (max_,) = server.join("max")
    assert_number(server, max_, 4)
    for peer in (ann, eve, max_):
        peer.leaves()
    (zoe,) = server.join("zoe")
    assert_number(server, zoe, 5)


@check(points=2, needs="who", until=10)
def test_fifty_at_once(server):
    """Fifty clients come at once: their numbers all differ, and all are here."""
    peers = [server.connect(f"guest {number}") for number in range(50)]
    for peer in peers:
        server.welcomes(peer)
    peers[0].sees(*(f"client {number}" for number in range(1, 51)))


@check(points=1, needs="reset_from_who", until=10)
def test_come_and_go(server):
    """Thirty come and go, politely and not, while one stays: in the end it is alone."""
    (ann,) = server.join("ann")
    for number in range(30):
        guest = server.connect(f"guest {number}")
        if number % 3:
            server.welcomes(guest)
        if number % 2:
            guest.resets()
        else:
            guest.closes()
    ann.sees("client 1")


@check(points=1, until=10)
def test_client_greeting(programs):
    """The client shows what the server says on joining, before anything is typed."""
    client, server = programs.connected_client()
    client.types("hello")
    server.hears("hello")
    server.says("you said: hello")
    client.shows("you said: hello\n")


def assert_number(server, peer, number):
    if peer.number != number:
        text = tr(
            "{name} is client {number} and should be client {number2}: count up, whoever has left.",
            name=peer.name,
            number=peer.number,
            number2=number,
        )
        raise server.failure("number-again" if peer.number < number else "number-skipped", text)


# Under every schedule of their threads that two delays can make: see docs/explorer.md


@check(points=1, needs="welcome", until=10)
def test_two_join_at_once(race):
    """Two join at once: their numbers differ, and both are here."""
    race(scenarios.two_join_at_once)


@check(points=1, needs="welcome", until=10)
def test_one_joins_while_one_leaves(race):
    """One joins while another leaves: the newcomer's number is new, and the one who left is no longer here."""
    race(scenarios.one_joins_while_one_leaves)


@check(points=1, needs="welcome", until=10)
def test_who_while_one_joins(race):
    """One asks who is here while another joins: the answer comes, with or without the newcomer."""
    race(scenarios.who_while_one_joins)
