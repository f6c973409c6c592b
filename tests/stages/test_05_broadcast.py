"""Stage 05: what one says reaches all the others, and never the sender; the client's second thread."""

from chatlab.checks import check
from chatlab.explorer import scenarios


@check(points=1, until=10)
def test_others_hear_it(server):
    """What one client says, all the others hear."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    ann.says("hello")
    bob.hears("client 1: hello")
    eve.hears("client 1: hello")


@check(points=2, needs="others_hear_it", until=10)
def test_not_the_sender(server):
    """The sender does not hear itself."""
    ann, bob = server.join("ann", "bob")
    ann.says("hello")
    bob.hears("client 1: hello")
    ann.hears_nothing()


@check(points=1, needs="others_hear_it", until=10)
def test_in_any_order(server):
    """Clients speak in another order than they came, and each line says who spoke."""
    ann, bob, eve = peers = server.join("ann", "bob", "eve")
    for speaker in (eve, ann, bob, bob, eve):
        for line in (f"it is me, {speaker.name}", "100% {sure}"):  # all say the same: words are nobody's name
            speaker.says(line)
            for listener in peers:
                if listener is not speaker:
                    listener.hears_from(speaker, line)
    for peer in peers:
        peer.hears_nothing()


@check(needs="others_hear_it", until=10)
def test_alone(server):
    """Talking to an empty room is no trouble, and who comes later hears nothing of it."""
    (ann,) = server.join("ann")
    ann.says("is anybody there?")
    ann.hears_nothing()
    (bob,) = server.join("bob")
    bob.hears_nothing()


@check(points=1, needs="others_hear_it", until=10)
def test_mute_newcomer(server):
    """A newcomer who says nothing and reads nothing stops nobody."""
    server.connect("max")
    ann, bob = server.join("ann", "bob")
    ann.says("hello")
    bob.hears_from(ann, "hello")


@check(points=1, needs="not_the_sender", until=10)
def test_fifty_hear_one(server):
    """Fifty come at once, and each of them hears the one who speaks, once."""
    peers = [server.connect(f"guest {number}") for number in range(50)]
    for peer in peers:
        server.welcomes(peer)
    speaker = peers[17]
    speaker.says("hello, all")
    for peer in peers:
        if peer is not speaker:
            peer.hears_from(speaker, "hello, all")
        peer.hears_nothing()


@check(points=1, needs="others_hear_it", until=10)
def test_two_talk_at_once(server):
    """Two talk at the same time: a third hears every line of both, whole, and each one's in order."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    lines = {peer.number: [f"{n} {peer.name * 40}" for n in range(200)] for peer in (ann, bob)}
    for peer in (ann, bob):
        peer.pours("".join(line + "\n" for line in lines[peer.number]).encode())
    for peer, other in ((ann, bob), (bob, ann)):  # they read, too: nobody here is slow
        peer.reads_on(len(lines[other.number]))
    expected = {number: [f"client {number}: {line}" for line in said] for number, said in lines.items()}
    while any(expected.values()):
        heard = eve.hears_one_of(*(left[0] for left in expected.values() if left))
        for left in expected.values():
            if left and left[0] == heard:
                left.pop(0)


@check(points=1, needs="others_hear_it", until=10)
def test_after_one_has_left(server):
    """When one has left, the others still hear each other."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    bob.leaves()
    ann.says("bob has gone")
    eve.hears_from(ann, "bob has gone")
    eve.says("so he has")
    ann.hears_from(eve, "so he has")


@check(points=1, until=10)
def test_client_hears_while_nobody_types(programs):
    """The client shows what arrives while nobody types, and sends what is typed meanwhile."""
    client, server = programs.connected_client()
    server.says("client 2: hello", "client 3: hi")
    client.shows("client 2: hello\n")
    client.shows("client 3: hi\n")
    client.types("good morning")
    server.hears("good morning")
    client.types("nobody answers", "never mind")
    server.hears("nobody answers", "never mind")
    server.says("client 2: morning")
    client.shows("client 2: morning\n")


@check(points=1, until=10)
def test_client_ends_with_the_server(programs):
    """When the server goes, the client ends by itself, with nothing typed: one sentence, exit status 1."""
    client, server = programs.connected_client()
    server.says("client 2: hello")
    client.shows("client 2: hello\n")
    server.closes()
    client.ends(1, sentence=True)


@check(needs="client_ends_with_the_server", until=10)
def test_client_ends_on_reset(programs):
    """When the connection is reset, the client ends by itself in the same way."""
    client, server = programs.connected_client()
    server.resets()
    client.ends(1, sentence=True)


@check(points=1, until=10)
def test_client_hears_the_rest(programs):
    """After Ctrl-D the client still shows what the server has for it, then ends with exit status 0."""
    client, server = programs.connected_client()
    client.types("bye")
    client.ends_typing()
    server.hears("bye")
    server.hears_end()
    server.says("client 2: see you")
    server.closes()
    client.shows("client 2: see you\n")
    client.ends(0)


# Under every schedule of their threads that two delays can make: see docs/explorer.md


@check(points=1, needs="others_hear_it", until=10)
def test_two_speak_at_once(race):
    """Two speak at once to one whose buffer is small: it gets both lines whole."""
    race(scenarios.two_speak_at_once)


@check(points=1, needs="others_hear_it", until=10)
def test_one_joins_while_another_speaks(race):
    """One joins while another speaks: the first line that it hears is its number."""
    race(scenarios.one_joins_while_another_speaks)
