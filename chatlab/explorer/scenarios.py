"""The races of a chat: what two or three clients do at once, and what must hold however their threads are scheduled.

Each scenario tells from which stage on a server must stand it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..language import tr
from .simulate import Chat, Peer

SCENARIOS: dict[str, Callable[[Chat], None]] = {}


def scenario(since: int, until: int = 99) -> Callable:
    """Register a scenario. since, until: the stages whose servers must stand it."""

    def register(function: Callable[[Chat], None]) -> Callable[[Chat], None]:
        function.since, function.until = since, until
        SCENARIOS[function.__name__] = function
        return function

    return register


@scenario(since=4)
def two_join_at_once(chat: Chat) -> None:
    """Two join at once: their numbers differ, and both are here."""
    ann, bob = chat.peer("ann"), chat.peer("bob")
    chat.at_once(ann=ann.joins, bob=bob.joins)
    chat.must(
        ann.number != bob.number,
        "number-twice",
        tr("ann and bob are both told: you are client {number}", number=ann.number),
    )
    here = ann.asks_who()
    for peer in (ann, bob):
        if f"client {peer.number}" not in here:
            text = tr(
                "{name} was told: you are client {number}, and /who lists {value}",
                name=peer.name,
                number=peer.number,
                value=", ".join(here) or "nobody",
            )
            chat.must(False, "missing-from-who", text)


@scenario(since=4)
def one_joins_while_one_leaves(chat: Chat) -> None:
    """One joins while another leaves: the newcomer's number is new, and the one who left is no longer here."""
    ann, bob = chat.joined("ann", "bob")
    zoe = chat.peer("zoe")
    chat.at_once(bob=bob.says_goodbye, zoe=zoe.joins)
    fresh = zoe.number not in (ann.number, bob.number)
    chat.must(
        fresh,
        "number-again",
        tr("zoe is told: you are client {number}, a number that was used before", number=zoe.number),
    )
    is_here(chat, ann, ann, zoe)


@scenario(since=4)
def who_while_one_joins(chat: Chat) -> None:
    """One asks who is here while another joins: the answer comes, with or without the newcomer."""
    (ann,) = chat.joined("ann")
    bob = chat.peer("bob")
    answers: list[list[str]] = []
    chat.at_once(ann=lambda: answers.append(ann.asks_who()), bob=bob.joins)
    right = [f"client {ann.number}"], [f"client {ann.number}", f"client {bob.number}"]
    chat.must(answers[0] in right, "wrong-line", tr("/who lists {names}, while bob joins", names=", ".join(answers[0])))


@scenario(since=5)
def two_speak_at_once(chat: Chat) -> None:
    """Two speak at once to one whose buffer is small: it gets both lines whole."""
    ann, bob = chat.joined("ann", "bob")
    eve = chat.joined("eve", room=24)[0]
    lines = [
        f"client {ann.number}: good morning all",
        f"client {bob.number}: and good night",
    ]
    got: list[str] = []

    def listens() -> None:
        for _ in lines:
            got.append(eve.hears_line(tr("what ann and bob say")))

    chat.at_once(ann=lambda: ann.says("good morning all"), bob=lambda: bob.says("and good night"), eve=listens)
    chat.must(sorted(got) == sorted(lines), "torn", tr("eve hears {got}: the lines of two speakers are mixed", got=got))


@scenario(since=5)
def one_joins_while_another_speaks(chat: Chat) -> None:
    """One joins while another speaks: the first line that it hears is its number."""
    ann, bob = chat.joined("ann", "bob")
    zoe = chat.peer("zoe")
    chat.at_once(ann=lambda: ann.says("hello"), zoe=zoe.joins)
    heard_once(chat, bob, f"client {ann.number}: hello")


@scenario(since=6)
def one_leaves_while_another_speaks(chat: Chat) -> None:
    """One leaves while another speaks: those who stay hear it, once."""
    ann, bob, eve = chat.joined("ann", "bob", "eve")
    chat.at_once(ann=lambda: ann.says("hello"), bob=bob.says_goodbye)
    lines = heard_once(chat, eve, f"client {ann.number}: hello")
    told_once(chat, eve, lines, bob)
    is_here(chat, ann, ann, eve)


@scenario(since=6)
def reset_in_mid_broadcast(chat: Chat) -> None:
    """One vanishes while another speaks: the rest hear it, and are told once who left."""
    ann, bob, eve = chat.joined("ann", "bob", "eve")
    chat.at_once(ann=lambda: ann.says("hello"), bob=bob.resets)
    lines = heard_once(chat, eve, f"client {ann.number}: hello")
    told_once(chat, eve, lines, bob)
    told_once(chat, ann, ann.hears_rest(), bob)
    is_here(chat, ann, ann, eve)


@scenario(since=6)
def two_leave_at_once(chat: Chat) -> None:
    """Two leave at once, one politely and one not: the third is told of each, once."""
    ann, bob, eve = chat.joined("ann", "bob", "eve")
    chat.at_once(ann=ann.says_goodbye, bob=bob.resets)
    lines = eve.hears_rest()
    told_once(chat, eve, lines, ann)
    told_once(chat, eve, lines, bob)
    is_here(chat, eve, eve)


@scenario(since=7)
def full_client_while_a_third_joins(chat: Chat) -> None:
    """One does not read and its buffer is full: another who speaks is heard, and a third can join."""
    ann, bob = chat.joined("ann", "bob")
    chat.joined("max", room=20)
    zoe = chat.peer("zoe")
    chat.at_once(ann=lambda: ann.says("hello to all of you", "and again"), zoe=zoe.joins)
    lines = heard_once(chat, bob, f"client {ann.number}: hello to all of you")
    chat.must(
        f"client {ann.number}: and again" in lines,
        "lost",
        tr("bob hears {lines}: a line of ann's is missing", lines=lines),
    )


@scenario(since=8)
def shutdown_while_a_client_joins(chat: Chat) -> None:
    """The server stops while one joins: nobody is left waiting, and who was here hears goodbye last."""
    (ann,) = chat.joined("ann")
    zoe = chat.peer("zoe")

    def comes() -> None:
        try:
            zoe.connects()
        except ConnectionRefusedError:
            zoe.ending = "refused"

    chat.at_once(zoe=comes, stop=chat.stops)
    lines = ann.hears_rest()
    chat.must(
        lines[-1:] == ["goodbye"],
        "no-goodbye",
        tr("ann hears {value}: its last line is no goodbye", value=lines or "nothing"),
    )
    chat.must(ann.ending, "not-closed", tr("ann hears goodbye, and its connection is not closed"))
    if zoe.ending != "refused":
        lines = zoe.hears_rest()
        chat.must(
            zoe.ending,
            "not-closed",
            tr("zoe, who came at the last moment, heard {lines} and is left waiting for ever", lines=lines),
        )


@scenario(since=8)
def shutdown_while_one_speaks(chat: Chat) -> None:
    """The server stops while one speaks: goodbye is the last line of all."""
    ann, bob = chat.joined("ann", "bob")
    chat.at_once(ann=lambda: ann.says("one more thing"), stop=chat.stops)
    for peer in (ann, bob):
        lines = peer.hears_rest()
        chat.must(
            lines[-1:] == ["goodbye"],
            "no-goodbye",
            tr("{name} hears {value}: goodbye is not last", name=peer.name, value=lines or "nothing"),
        )


@scenario(since=9)
def two_claim_one_nickname(chat: Chat) -> None:
    """Two claim one nickname at once: one gets it, the other is told that it is taken."""
    ann, bob = chat.joined("ann", "bob")
    chat.at_once(ann=lambda: ann.says("/nick zoe"), bob=lambda: bob.says("/nick zoe"))
    heard = {peer.name: peer.hears_rest() for peer in (ann, bob)}
    winners = [name for name, lines in heard.items() if "you are zoe" in lines]
    losers = [name for name, lines in heard.items() if "error: the nickname zoe is taken" in lines]
    chat.must(len(winners) < 2, "nickname-twice", tr("ann and bob are both told: you are zoe"))
    chat.must(
        len(winners) == len(losers) == 1,
        "wrong-line",
        tr("one must get the nickname: ann and bob hear {heard}", heard=heard),
    )
    is_named = sorted(ann.asks_who())
    loser = ann if winners == ["bob"] else bob
    chat.must(
        is_named == sorted(["zoe", f"client {loser.number}"]),
        "wrong-line",
        tr("then /who lists {is_named}", is_named=is_named),
    )


# What several of them demand


def is_here(chat: Chat, asker: Peer, *peers: Peer) -> None:
    """Exactly these are here, as /who tells."""
    here, right = asker.asks_who(), [f"client {peer.number}" for peer in peers]
    ghosts = [name for name in here if name not in right]
    missing = [name for name in right if name not in here]
    chat.must(
        not ghosts,
        "ghost",
        tr("/who lists {names}: {names2} left and is still there", names=", ".join(here), names2=", ".join(ghosts)),
    )
    chat.must(
        not missing,
        "missing-from-who",
        tr("/who lists {names}: {names2} is here and missing", names=", ".join(here), names2=", ".join(missing)),
    )


def heard_once(chat: Chat, peer: Peer, line: str) -> list[str]:
    """The peer has heard this line once; returns all that it has heard."""
    lines = peer.hears_rest()
    count = lines.count(line)
    chat.must(
        count > 0,
        "lost",
        tr("{name} never hears {line!r}; it hears {value}", name=peer.name, line=line, value=lines or "nothing"),
    )
    chat.must(count == 1, "twice", tr("{name} hears {line!r} {count} times", name=peer.name, line=line, count=count))
    return lines


def told_once(chat: Chat, peer: Peer, lines: list[str], gone: Peer) -> None:
    """Among the lines that the peer has heard it is told once that the other has left."""
    notice = f"client {gone.number} left"
    chat.must(
        lines.count(notice) < 2,
        "told-twice",
        tr("{name} is told {notice!r} {notice2} times", name=peer.name, notice=notice, notice2=lines.count(notice)),
    )
    chat.must(
        notice in lines,
        "not-told",
        tr(
            "{name} is not told that client {number} left; it hears {lines}",
            name=peer.name,
            number=gone.number,
            lines=lines,
        ),
    )
