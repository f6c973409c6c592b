"""Stage 10: the same chat with few calls of the system and few threads. What it says on the wire is stage 09's."""

from chatlab.checks import check
from chatlab.language import tr

TALK = [f"and number {number} is what I say" for number in range(1000)]


@check(points=2)
def test_one_send_for_many(server):
    """A thousand lines that come in one piece go out in few sends, not in a thousand for each client."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    before = server.sends_to(bob)
    ann.sends(as_bytes(TALK))
    for peer in (bob, eve):
        peer.hears_from(ann, *TALK)
    sends = server.sends_to(bob) - before
    if sends > len(TALK) // 4:
        text = tr(
            "For {number:,} lines that came in one piece the server called send {sends:,} times "
            "for bob. Each call costs as much as many lines do: join what there is for a client, "
            "and send it with one call.",
            number=len(TALK),
            sends=sends,
        )
        raise server.failure("many-sends", text)


@check(points=2)
def test_few_threads(server):
    """Thirty clients who read what is said need a thread each, and only a few more in all."""
    peers = server.join(*(f"peer {number}" for number in range(30)))
    peers[0].says("hello")
    for peer in peers[1:]:
        peer.hears_from(peers[0], "hello")
    threads = len(server.threads())
    if threads > len(peers) + 5:
        text = tr(
            "With {number} clients the server has {threads} threads. One for each client, one "
            "that accepts, and one that sends are enough: a writer is needed only while a client "
            "does not take what is sent to it.",
            number=len(peers),
            threads=threads,
        )
        raise server.failure("many-threads", text)


@check(points=2)
def test_everyone_at_once(server):
    """Five talk at once, in blocks: each hears every line of the four others, in their order, and none of its own."""
    peers = server.join(*(f"peer {number}" for number in range(5)))
    lines = [f"line {number} of mine" for number in range(200)]
    for peer in peers:
        peer.pours(as_bytes(lines))
    for peer in peers:
        expected = {f"client {other.number}": iter(lines) for other in peers if other is not peer}
        for _ in range(4 * len(lines)):
            name, _, text = peer.hears_line().partition(": ")
            wanted = next(expected[name], "") if name in expected else None
            if text != wanted:
                shown = f"{name}: {text}"
                if name not in expected:
                    told = tr("{peer} hears its own line back: {shown!r}.", peer=peer.name, shown=shown)
                    raise server.failure("echoed", told)
                told = tr(
                    "{peer} hears {shown!r} where {wanted!r} comes next.", peer=peer.name, shown=shown, wanted=wanted
                )
                raise server.failure("order", told)


@check(points=1)
def test_across_blocks(server):
    """Lines that are cut anywhere between two blocks come whole, and so does a letter."""
    ann, bob = server.join("ann", "bob")
    for cut in range(1, 25):
        lines = [f"one {cut:02}", f"two {cut}", f"двадцать три {cut}"]
        data = as_bytes(lines)
        ann.sends(data[:cut], data[cut:])
        bob.hears_from(ann, *lines)


@check(points=1)
def test_command_amid_lines(server):
    """A command in the middle of a block is obeyed; the lines before and after it are said."""
    ann, bob = server.join("ann", "bob")
    ann.sends(b"before\n/who\nafter\n")
    bob.hears("client 1: before", "client 1: after")
    ann.hears("here: client 1, client 2")
    ann.sends(b"one\n/nick ann\ntwo\n")
    bob.hears("client 1: one", "client 1 is now ann", "ann: two")
    ann.hears("you are ann")


@check(points=1)
def test_quit_amid_lines(server):
    """What stands behind /quit in the same block is not said any more."""
    ann, bob = server.join("ann", "bob")
    bob.notices = True
    ann.sends(b"I have to go\n/quit\nno, I stay\n")
    bob.hears("client 1: I have to go", "client 1 left")
    bob.hears_nothing()
    ann.hears("goodbye")
    ann.hears_end()


@check(points=1)
def test_bad_line_amid_lines(server):
    """The lines before a bad one are said, those behind it are not, wherever in a block it stands."""
    for bad, told in ((b"x" * 5000, "error: line longer than 4096 bytes"), (b"\xff", "error: line is not UTF-8")):
        ann, bob = server.join("ann", "bob")
        ann.sends(b"well\nwell\n" + bad + b"\nnot said\n")
        bob.hears_from(ann, "well", "well")
        ann.hears(told)
        ann.hears_end()
        bob.hears_nothing()
        bob.leaves()


@check(points=1)
def test_long_lines_in_a_long_block(server):
    """A block may be much longer than a line may: lines of 4,096 bytes come through, twenty at once."""
    ann, bob = server.join("ann", "bob")
    lines = [f"{number:02}" + "." * 4094 for number in range(20)]
    ann.pours(as_bytes(lines))
    bob.hears_from(ann, *lines)


@check(points=1)
def test_full_buffer_is_no_end(server):
    """One whose socket takes nothing more for a moment is not dead: it reads late, and gets every line in order."""
    server.send_buffer = 16 * 1024
    ann, eve = server.join("ann", "eve")
    late = server.connect("late", receive_buffer=4096)
    server.welcomes(late)
    lines = [f"{number:03} {'.' * 396}" for number in range(200)]
    for line in lines:  # one by one: so that some fill its buffer exactly, and the next finds no room at all
        ann.says(line)
        eve.hears_from(ann, line)
    ann.hears_nothing()  # the last line has gone to all for whom there was room
    late.hears_from(ann, *lines)
    ann.says("and on")
    late.hears_from(ann, "and on")


@check(points=1)
def test_private_amid_lines(server):
    """A private line comes to its receiver where it was said, between the lines around it."""
    ann, bob, eve = server.join("ann", "bob", "eve")
    ann.sends(b"first\n/msg 2 psst\nlast\n")
    bob.hears("client 1: first", "client 1 to you: psst", "client 1: last")
    eve.hears("client 1: first", "client 1: last")


def as_bytes(lines):
    return "".join(line + "\n" for line in lines).encode()
