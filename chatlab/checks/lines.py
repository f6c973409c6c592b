"""What is wrong with a line that came, or why none did: told from what went over the wire, at both ends."""

from __future__ import annotations

import os
import re
import select
import socket
from typing import TYPE_CHECKING

from ..language import tr
from .report import Cause, quote
from .threads import in_words, short

if TYPE_CHECKING:
    from .peer import Peer
    from .server import Server


# What came, or did not


def why_missing(peer: Peer, server: Server | None, got: bytes, ending: str, wanted: str | bytes | None) -> Cause:
    side = server.wire.sides.get(peer.name) if server else None
    if ending == "refused":
        return Cause("refused", tr("{name} could not connect: nobody listens any more.", name=peer.name))
    if ending == "full":
        return Cause(
            "not-reading", tr("The server has stopped reading from {name}, who cannot send any more.", name=peer.name)
        )
    if ending == "unnoticed" or wanted == "end":
        if got:
            return Cause(
                "too-much",
                tr("{name} got {got} where its connection should have ended.", name=peer.name, got=quote(got)),
            )
        if (
            side
            and side.closed
            and any(call.name == "recv" and call.peer == peer.name for call in server.wire.inside.values())
        ):
            text = tr(
                "The server has called close on the connection of {name} while a thread waits in "
                "recv on it: close does not wake that thread, and as long as it waits the connection "
                "stays open. shutdown wakes it.",
                name=peer.name,
            )
            return Cause("close-does-not-wake", text, "08_shutdown, Steps")
        if side and side.ended:
            text = tr("The server knows that {name} has gone, and has not closed its connection.", name=peer.name)
            return Cause("not-closed", text, "06_leaving, The idea" if server.stage >= 6 else "01_echo, Steps")
        return Cause(
            "not-closed", tr("The server has not closed the connection of {name}.", name=peer.name), "stages/README.md"
        )
    if isinstance(wanted, str) and got == wanted.encode():
        return Cause(
            "no-newline",
            tr("{name} got {got} and no newline after it: a line ends with \\n.", name=peer.name, got=quote(got)),
        )
    if side and side.short_sends and ending == "silence":
        asked, sent = side.short_sends[-1]
        text = tr(
            "send was given {asked:,} bytes and took {sent:,}: it says so with the number it "
            "returns. The rest was never sent; sendall sends all.",
            asked=asked,
            sent=sent,
        )
        return Cause("send-not-sendall", text, "01_echo, Steps")
    if wanted == "goodbye" and (server is None or server.stopped):
        text = tr("The server stops, and {name} is not told goodbye.", name=peer.name)
        text += tr(" Its connection is closed without it.") if ending in ("eof", "reset") else ""
        return Cause("no-goodbye", text, "08_shutdown, The idea")
    if side and ending in ("eof", "reset") and wanted == "you said: ":
        text = tr(
            'The server has closed the connection of {name} at an empty line. Only recv\'s b"" is a goodbye.',
            name=peer.name,
        )
        return Cause("empty-line", text, "stages/README.md, The lines on the wire")
    if isinstance(wanted, bytes) and (cause := _decoded(peer, got, wanted)):
        return cause
    if ending == "reset" and (side is None or side.sent > peer.received):
        text = tr(
            "The server has reset the connection of {name}: it closed it with bytes still unread.", name=peer.name
        )
        return Cause("reset", text)
    if ending == "eof" and server and server.stage >= 7 and not peer.has_ended and _flooded(peer, server):
        text = tr(
            "The server has closed the connection of {name}, who reads all the time, because a "
            "flood of lines came for it. In a flood every outbox is full for a moment: give its "
            "writer the time to empty it.",
            name=peer.name,
        )
        return Cause("thrown-out", text, "07_slow_reader, The idea")
    if ending in ("eof", "reset"):
        more = tr(" It has said goodbye: it will send no more, and still reads what comes.") if peer.has_ended else ""
        if side and len(side.recvs) == 1 and not peer.has_ended:
            more = tr(" It has called recv once only: {name} may go on to send until it says goodbye.", name=peer.name)
        return Cause(
            "closed-early",
            tr("The server has closed the connection of {name} before that.{more}", name=peer.name, more=more),
        )
    if got and wanted is not None:
        size = len(wanted if isinstance(wanted, bytes) else wanted.encode())
        return Cause(
            "short",
            tr(
                "{name} got {got} and then nothing: {number:,} of {size:,} bytes.",
                name=peer.name,
                got=quote(got),
                number=len(got),
                size=size,
            ),
        )
    if isinstance(wanted, str) and wanted.endswith(" left"):
        text = tr("{name} is not told that {value} has left", name=peer.name, value=wanted.removesuffix(" left"))
        told = [other.name for other in (server.peers if server else []) if wanted in other.heard]
        return Cause(
            "not-told",
            tr("{text}, and {told} is.", text=text, told=told[0]) if told else f"{text}.",
            "06_leaving, The idea",
        )
    if server and isinstance(wanted, str) and (cause := _unanswered(peer, server, wanted)):
        return cause
    if server and wanted and isinstance(wanted, str) and (cause := _elsewhere(peer, server, wanted)):
        return cause
    return Cause(
        "silence", tr("{name} heard nothing. {why}", name=peer.name, why=_what_happened_instead(peer, server)).strip()
    )


def _decoded(peer: Peer, got: bytes, wanted: bytes) -> Cause | None:
    """The bytes have been made text and bytes again, and what is no text was changed or lost."""
    for encoding, errors in (("utf-8", "ignore"), ("utf-8", "replace"), ("latin-1", "strict")):
        if got and wanted.decode(encoding, errors).encode()[: len(wanted)] == got != wanted:
            text = tr(
                "{name} got {got} instead of {wanted}: the server decodes the bytes and encodes them "
                "again, but not all bytes are text. An echo sends back the very bytes that recv "
                "returned.",
                name=peer.name,
                got=quote(got),
                wanted=quote(wanted),
            )
            return Cause("decoded", text, "01_echo, On the wire")
    return None


def _flooded(peer: Peer, server: Server) -> bool:
    """Whether others pour lines, the peer itself says nothing, and the server is not stopping."""
    return not server.stopped and not peer.said and any(other.pouring for other in server.peers if other is not peer)


def _unanswered(peer: Peer, server: Server, wanted: str) -> Cause | None:
    """The server waits for a newline that may never come, or overlooks a line that it has received."""
    recvs = {other.name: side.recvs[-1] for other in server.peers if (side := server.wire.side(other.name)).recvs}
    others = [
        other for other in server.peers if other is not peer and wanted.encode() in all_that_came(other).split(b"\n")
    ]
    if server.stage < 5 and wanted and others:
        text = tr(
            "The answer to {name}, {value}, has gone to {name2}: its thread sends on a "
            "connection that is not its own. A global variable is the same one in all threads.",
            name=peer.name,
            value=quote(wanted.encode()),
            name2=others[0].name,
        )
        return Cause("wrong-client", text, "03_threads, The idea")
    if wanted.startswith("error: line longer") and not recvs.get(peer.name, b"\n").endswith(b"\n"):
        text = tr(
            "{name} has sent {sent:,} bytes without a newline, and the server waits for more. "
            "Its newline may never come: the limit is for what has no newline yet, too.",
            name=peer.name,
            sent=peer.sent,
        )
        return Cause("no-limit", text, "02_lines, Steps")
    asked = "/who" if wanted.startswith("here: ") else _split(wanted)[1]
    for name, data in recvs.items():
        lines = data.decode(errors="replace").split("\n")
        if asked in lines[1:-1] and server.wire.side(name).closed:
            text = tr(
                "The server has closed the connection of {name} for a bad line, and has not passed "
                "on {value}, which came before it in the same recv. The lines before a bad one are "
                "good.",
                name=name,
                value=quote(asked.encode()),
            )
            return Cause("good-lines-lost", text, "stages/README.md, The lines on the wire")
        if asked in lines[1:-1]:
            text = tr(
                "One recv has returned {value} lines that {name} sent, and the server waits for more "
                "though it has not answered {value2}: take every whole line out of what has come.",
                value=len(lines) - 1,
                name=name,
                value2=quote(asked.encode()),
            )
            return Cause("lines-left", text, "02_lines, The idea")
    return None


def _elsewhere(peer: Peer, server: Server, wanted: str) -> Cause | None:
    """What the peer waits for has gone to others alone, or nobody reads what it sends."""
    name, side = peer.name, server.wire.side(peer.name)
    reads = [call.peer for call in server.wire.inside.values() if call.name == "recv"]
    if server.stage >= 4 and not peer.heard and not peer.sent and name in reads:
        text = tr(
            "The server waits for {name} to say something; {name} waits to be told its number, which must come first.",
            name=name,
        )
        return Cause("not-greeted", text, "04_registry, Your task")
    if side.received < peer.sent and name not in reads and (twice := [who for who in reads if reads.count(who) > 1]):
        text = tr(
            "Two threads wait in recv for {twice}, and none for {name}: a thread has taken "
            "another's connection for its own. A loop that uses the handler's own variable does "
            "that.",
            twice=twice[0],
            name=name,
        )
        return Cause("reads-another", text, "03_threads, The idea")
    got = [
        other
        for other in server.peers
        if wanted in other.heard or wanted in all_that_came(other).decode(errors="replace")
    ]
    if wanted.startswith("here: ") and got and got[0].heard[-1:] != [wanted]:
        text = tr(
            "The answer to the /who of {name} has gone to {name2}: {got}. A loop that uses the "
            "handler's own variable does that.",
            name=name,
            name2=got[0].name,
            got=quote(all_that_came(got[0])),
        )
        return Cause("answered-another", text, "stages/README.md, The lines on the wire")
    if speaker := _who_says(server, wanted):
        others = [other.name for other in got if other not in (speaker, peer)]
        if others and speaker is not peer:
            text = tr(
                "{name} does not get what {name2} said, and {others} does: a broadcast goes to all but its sender.",
                name=name,
                name2=speaker.name,
                others=others[0],
            )
            return Cause("not-everyone", text, "05_broadcast, The idea")
        if speaker in got:
            text = tr(
                "What {name} said goes to {name} itself and to nobody else; it should be the other way round.",
                name=speaker.name,
            )
            return Cause("only-the-sender", text, "05_broadcast, The idea")
    return None


def _what_happened_instead(peer: Peer, server: Server | None) -> str:
    """Return what the server did with the line that the peer waits for, as far as its sockets tell."""
    if not server:
        return ""
    speakers = [other for other in server.peers if other.sent and not other.has_ended]
    if not speakers:
        return tr("The server has sent it nothing.")
    speaker = speakers[-1]
    received = server.wire.side(speaker.name).received
    if received < speaker.sent:
        return tr(
            "The server has taken {received:,} of the {sent:,} bytes that {name} sent.",
            received=received,
            sent=speaker.sent,
            name=speaker.name,
        )
    text = tr("All {sent:,} bytes that {name} sent have reached the server", sent=speaker.sent, name=speaker.name)
    for other in server.peers:
        if other is not peer and (waiting := re.sub(rb"client \d+ (joined|left)\n", b"", all_that_came(other))):
            return tr(
                "{text}, which has sent {waiting} to {name} instead.",
                text=text,
                waiting=quote(waiting),
                name=other.name,
            )
    if peer is speaker:
        return tr("{text}, which did not answer.", text=text)
    if server.stage >= 5:
        return tr(
            "{text}, which passed them on to nobody. Is the one who is left out told by its connection? Text, name and "
            "host may be the same for all.",
            text=text,
        )
    return tr("{text}, which did not pass them on.", text=text)


def all_that_came(peer: Peer) -> bytes:
    """Return what has come for the peer and was not heard yet, without taking it."""
    if peer.socket is None:  # told from outside: see chatlab.grading.host
        return peer.buffer
    if peer.socket.fileno() == -1 or not select.select([peer.socket], [], [], 0)[0]:
        return peer.buffer
    try:
        return peer.buffer + peer.socket.recv(200, socket.MSG_PEEK)
    except OSError:
        return peer.buffer


def why_different(peer: Peer, server: Server | None, got: bytes, wanted: str | bytes | None) -> Cause:
    if isinstance(wanted, bytes):
        if cause := _decoded(peer, got, wanted):
            return cause
        place = next((i for i, (a, b) in enumerate(zip(wanted, got)) if a != b), min(len(wanted), len(got)))
        text = tr(
            "From byte {place:,} on {name} got {got} instead of {wanted}.",
            place=place,
            name=peer.name,
            got=quote(got[place:]),
            wanted=quote(wanted[place:]),
        )
        return Cause("wrong-bytes", text)
    wanted = wanted or ""
    text = got.decode(errors="replace")
    name = peer.name
    said = [line for other in (server.peers if server else []) for line in other.said]
    own = {form for line in peer.said if line for form in (line, f"client {peer.number}: {line}", f"you said: {line}")}
    if server:  # what it sent in blocks, too
        block = b"".join(server.wire.side(name).recvs).decode(errors="replace")
        own |= {f"client {peer.number}: {line}" for line in block.split("\n")[:-1] if line and not line.startswith("/")}
    prefix, told = _split(wanted)
    got_told = _split(text)[1]
    if server and (cause := _about_leaving(peer, server, text, wanted)):
        return cause
    if text == wanted + "\r":
        return Cause(
            "carriage-return",
            tr("{name} got {got}: the \\r before the newline belongs to the line's end.", name=name, got=quote(got)),
        )
    if server and server.stage < 5 and (cause := _mixed(peer, server, text)):
        return cause
    if "\ufffd" in text or text == wanted.encode().decode("latin-1") or _letters_lost(server, got_told, told):
        reason = tr(
            "{name} got {got} instead of {value}: a letter of several bytes was cut in two and "
            "each part decoded by itself. Decode whole lines.",
            name=name,
            got=quote(got),
            value=quote(wanted.encode()),
        )
        return Cause("mojibake", reason, "02_lines, The idea")
    if text.startswith(prefix) and told != got_told in (told.strip(), told.lstrip(), told.rstrip()):
        reason = tr(
            "{name} got {got} instead of {value}: strip takes blanks away, too. The blanks at "
            "the ends of a line belong to it; only \\n, and a \\r right before it, do not.",
            name=name,
            got=quote(got),
            value=quote(wanted.encode()),
        )
        return Cause("stripped", reason, "stages/README.md, The lines on the wire")
    if told and text.startswith(wanted) and any(line and line in text[len(wanted) :] for line in said):
        reason = tr(
            "{name} got several lines in one: {got}. TCP has joined what was sent, and the "
            "server took what recv returned for one line.",
            name=name,
            got=quote(got),
        )
        return Cause("merged", reason, "02_lines, The idea")
    if server and server.stage >= 5 and text == told != wanted:
        reason = tr(
            "{name} got {got} without the name of who said it: it stands in front of every line.",
            name=name,
            got=quote(got),
        )
        return Cause("no-name", reason, "stages/README.md, The lines on the wire")
    if server and server.stage >= 9 and (cause := _about_commands(peer, server, text, wanted)):
        return cause
    if told.startswith(got_told) and told[len(got_told) :][:1] in set("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"):
        reason = tr(
            "{name} got {got}, a piece of {value}: the server takes {told} for the end of a "
            "line, as str.splitlines does. Only \\n is one.",
            name=name,
            got=quote(got),
            value=quote(wanted.encode()),
            told=ascii(told[len(got_told)]),
        )
        return Cause("other-end", reason, "stages/README.md, The lines on the wire")
    if (
        len(told) > len(got_told) > 0
        and told.startswith(got_told)
        or (told and not got_told and text.startswith(prefix))
    ):
        reason = tr(
            "{name} got {got}, a piece of {value}: the line came to the server in pieces, and "
            "each piece was taken for a line.",
            name=name,
            got=quote(got),
            value=quote(wanted.encode()),
        )
        return Cause("torn", reason, "02_lines, The idea")
    if got_told and len(told) > len(got_told) and told.endswith(got_told):
        reason = tr(
            "{name} got only the end of the line: {got} of {value}. What came before in a piece "
            "of its own was thrown away.",
            name=name,
            got=quote(got),
            value=quote(wanted.encode()),
        )
        return Cause("lost-beginning", reason, "02_lines, The idea")
    if text in own and text != wanted and not (server and server.stage < 5):
        return Cause(
            "echoed", tr("{name} hears its own line back: {got}.", name=name, got=quote(got)), "05_broadcast, The idea"
        )
    if peer.heard and peer.heard[-1] == text:
        return Cause("doubled", tr("{name} hears {got} a second time: it was sent once.", name=name, got=quote(got)))
    spliced = len(os.path.commonprefix([text, wanted])) > len(prefix) + 20
    if server and server.stage >= 10 and (spliced or text.startswith(prefix) and _later(got_told, told)):
        reason = tr(
            "{name} does not get {wanted} whole and in its turn: {text} comes instead. What waits for a client "
            "goes out before anything that is said later.",
            **{"name": name, "wanted": quote(wanted.encode()), "text": quote(got)},
        )
        return Cause("overtaken", reason, "10_fast, Steps")
    later = text.startswith(prefix) and _later(got_told, told) and text not in peer.heard
    if later or (got_told in said and told in said and said.index(got_told) > said.index(told)):
        return Cause(
            "lost",
            tr(
                "{name} never hears {value}; what came next is {got}, said later.",
                name=name,
                value=quote(wanted.encode()),
                got=quote(got),
            ),
        )
    if server and (cause := _about_answers(peer, server, text, wanted)):
        return cause
    place = next((i for i, (a, b) in enumerate(zip(wanted, text)) if a != b), min(len(wanted), len(text)))
    shown = [line[:80] if (wanted + text).isprintable() else ascii(line[:80]) for line in (wanted, text)]
    caret = f"\n            {' ' * min(place, 80)}^" if (wanted + text).isprintable() else ""
    reason = tr(
        "{name} heard another line than it should.\n  expected: {shown}\n  heard:    {shown2}{caret}",
        name=name,
        shown=shown[0],
        shown2=shown[1],
        caret=caret,
    )
    return Cause("wrong-line", reason, "stages/README.md, The lines on the wire")


def _letters_lost(server: Server | None, got: str, wanted: str) -> bool:
    """Whether the line is what is left of it when each piece is decoded by itself with errors="ignore"."""
    pieces = [side.recvs for side in server.wire.sides.values()] if server else []
    left = ["".join(piece.decode(errors="ignore") for piece in recvs).split("\n") for recvs in pieces]
    came = b"".join(b"".join(recvs) for recvs in pieces)
    return bool(wanted) and wanted.encode() in came and any(got in lines and wanted not in lines for lines in left)


def _mixed(peer: Peer, server: Server, text: str) -> Cause | None:
    """A line has in it what another client sent: the two have one buffer."""
    server.settles(0.5)
    for who in [peer, *server.peers]:
        own = b"".join(server.wire.side(who.name).recvs).decode(errors="replace")
        for line in [text] if who is peer else all_that_came(who).decode(errors="replace").split("\n"):
            for other in server.peers:
                pieces = [piece.decode(errors="replace").strip() for piece in server.wire.side(other.name).recvs]
                if other is not who and any(
                    piece and piece not in own and piece in _split(line)[1] for piece in pieces
                ):
                    text = tr(
                        "{name} got {value}: in it is what {name2} sent.",
                        name=who.name,
                        value=quote(line.encode()),
                        name2=other.name,
                    )
                    return Cause(
                        "mixed", tr("{text} Each client needs a buffer of its own.", text=text), "03_threads, The idea"
                    )
    return None


def _later(got: str, wanted: str) -> bool:
    """Whether both are lines of one numbered series, and the one that came has the higher number."""
    first, second = (re.match(r"((?:line )?)(\d+)", line) for line in (wanted, got))
    if not (first and second and first[1] == second[1]):
        return False
    return int(second[2]) > int(first[2]) and wanted[first.end() :][:1] == got[second.end() :][:1]


def _split(line: str) -> tuple[str, str]:
    """Return who said it, as the wire has it, and what was said."""
    head, colon, said = line.partition(": ")
    return (head + colon, said) if colon and (head == "you said" or head.startswith("client ")) else ("", line)


# Who speaks, who is here, who has left


def _who_says(server: Server, wanted: str | bytes | None) -> Peer | None:
    """Return the peer whose line is waited for, from stage 05 on."""
    match = re.match(r"client (\d+): ", wanted) if isinstance(wanted, str) else None
    return next((peer for peer in server.peers if match and peer.number == int(match[1])), None)


def speaker_silenced(peer: Peer, server: Server, wanted: str | bytes | None) -> Cause | None:
    """The one whose line is waited for was thrown out, or its line got no further than to somebody dead."""
    speaker = _who_says(server, wanted)
    if speaker is None or speaker is peer or speaker.has_ended or not server.alive():
        return None
    side = server.wire.side(speaker.name)
    gone = [other.name for other in server.peers if other.has_ended and other is not peer]
    if side.closed and _split(wanted)[1] == "":
        text = tr(
            'The server has closed the connection of {name} at an empty line. Only recv\'s b"" is a goodbye.',
            name=speaker.name,
        )
        return Cause("empty-line", text, "stages/README.md, The lines on the wire")
    if side.closed and gone:
        text = tr(
            "The server has closed the connection of {name}, who has not left: {gone} has, "
            "sending to it fails, and that error has ended the thread of {name}. The dead one is "
            "not the sender: guard each send by itself.",
            name=speaker.name,
            gone=gone[-1],
        )
        text += tr(" It was {errors}", errors=in_words(server.errors[-1][1], server.path)) if server.errors else ""
        return Cause("speaker-thrown-out", text, "06_leaving, Steps")
    unsent = [name for name in gone if server.wire.side(name).failed_sends]
    waits = any(call.name == "recv" and call.peer == speaker.name for call in server.wire.inside.values())
    sends = any(call.name in ("send", "sendall") for call in server.wire.inside.values())
    if unsent and waits and not sends and side.received == speaker.sent:
        text = tr(
            "What {name} said does not reach {name2}, and the thread of {name} is done with it. "
            "{unsent} is dead: sending to it has failed, and that must not keep the line from "
            "those who come after it. Guard each send by itself, not the whole loop, and take "
            "nobody out of the list that the loop goes over.",
            name=speaker.name,
            name2=peer.name,
            unsent=unsent[0],
        )
        return Cause("stops-at-the-dead", text, "06_leaving, Steps")
    return None


def number_twice(peer: Peer, server: Server, got: bytes, name: str) -> Cause:
    """The peer is told a number that the one of this name has been told before."""
    if any(other.name == name and other.has_ended for other in server.peers):
        text = tr(
            "{name} is told {got}, as {name2} was, who has left: a number is never used again.",
            name=peer.name,
            got=quote(got),
            name2=name,
        )
        return Cause("number-again", text, "04_registry, Your task")
    text = tr(
        "{name} and {name2} have both been told {got}: two clients have the same number.",
        name=peer.name,
        name2=name,
        got=quote(got),
    )
    return Cause("number-twice", text, "04_registry, The idea")


def _who_is_wrong(server: Server, text: str, wanted: str) -> Cause | None:
    """The answer to /who: it lists others than are here."""
    listed, here = ([name.strip() for name in line.removeprefix("here:").split(",")] for line in (text, wanted))
    if not all(re.fullmatch(r"client \d+", name) for name in listed + here):
        return None
    living = {f"client {peer.number}" for peer in server.peers if not peer.has_ended and not peer.ending}
    ghosts, missing = ([name for name in one if name not in other] for one, other in ((listed, here), (here, listed)))
    read = "04_registry, Steps"
    if ghosts and not living & set(ghosts):
        if missing:
            text = tr(
                "/who lists {ghosts}, who has left, and not {missing}, who is here: clients and "
                "numbers have come apart, as places in a list do when somebody leaves.",
                ghosts=ghosts[0],
                missing=missing[0],
            )
            return Cause("who-shifted", text, read)
        text = tr("{ghosts} has left, and /who still lists it: a ghost.", ghosts=ghosts[0])
        if server.errors:
            thread, error = server.errors[-1]
            text += tr(
                " {thread} has ended before it removed it, with {error}",
                thread=short(thread),
                error=in_words(error, server.path),
            )
        return Cause("ghost", text, read)
    if missing and not ghosts:
        return Cause("missing-from-who", tr("{missing} is here, and /who does not list it.", missing=missing[0]), read)
    if not ghosts and sorted(listed) == sorted(here):
        place = next(i for i, name in enumerate(here) if name != listed[i])
        text = tr(
            "/who lists {listed} before {here}: the order is that in which they came.",
            listed=listed[place],
            here=here[place],
        )
        return Cause("who-order", text, "stages/README.md, The lines on the wire")
    return None


def _about_leaving(peer: Peer, server: Server, text: str, wanted: str) -> Cause | None:
    """A line that is wrong because of who has come or left meanwhile."""
    if wanted.startswith("here: client") and text.startswith("here:"):
        return _who_is_wrong(server, text, wanted)
    if text.endswith(" left") and text in peer.heard:
        reason = tr(
            "{name} is told a second time that {value} has left.", name=peer.name, value=text.removesuffix(" left")
        )
        return Cause("told-twice", reason, "06_leaving, Steps")
    said = _split(text)[1]
    for other in server.peers if wanted.endswith(" left") else []:
        recvs = b"".join(server.wire.side(other.name).recvs)
        if other.has_ended and said and recvs.endswith(said.encode()):
            reason = tr(
                "{name} has left in the middle of a line, and {name2} hears the half: {value}. What "
                "has no newline is no line.",
                name=other.name,
                name2=peer.name,
                value=quote(text.encode()),
            )
            return Cause("half-a-line", reason, "stages/README.md, The lines on the wire")
    if wanted == "here: " and (speaker := _who_says(server, text)) and said in speaker.said:
        events = peer.transcript.events
        came = next((i for i, event in enumerate(events) if event.who == peer.name), 0)
        sent = "→ " + quote(f"{said}\n".encode())
        spoke = [i for i, event in enumerate(events) if (event.who, event.what) == (speaker.name, sent)]
        if spoke and spoke[-1] < came:
            reason = tr(
                "{name} hears {value}, which {name2} said before {name} came.",
                name=peer.name,
                value=quote(text.encode()),
                name2=speaker.name,
            )
            return Cause("history", reason, "stages/README.md, The lines on the wire")
    return None


# Commands


def _about_answers(peer: Peer, server: Server, text: str, wanted: str) -> Cause | None:
    """Return what is wrong with the server's answer to a command, or with the first line of all."""
    read = "stages/README.md, The lines on the wire"
    told = {"name": peer.name, "text": quote(text.encode()), "wanted": quote(wanted.encode())}
    number = re.compile(r"you are client \d+")
    said = _split(text)[1].encode()
    behind_quit = [recv.partition(b"/quit\n")[2] for side in server.wire.sides.values() for recv in side.recvs]
    if wanted.startswith("error: the chat is full") and number.fullmatch(text):
        reason = tr("{name} is let in, {text}, though the chat is full; it should hear {wanted}.", **told)
    elif number.fullmatch(wanted) and number.fullmatch(text):
        reason = tr("{name} is told {text}, and should be told {wanted}: the numbers go up by one, from 1 on.", **told)
    elif wanted.startswith("error: unknown command") and text.startswith("you are "):
        reason = tr("The server takes another word for /nick: {name} hears {text} and not {wanted}.", **told)
    elif wanted.startswith("error: ") and text.startswith("you are "):
        reason = tr("The server gives {name} a nickname that it must refuse: {text} and not {wanted}.", **told)
    elif wanted.startswith("you are ") and text.startswith("error: the nickname"):
        reason = tr("{name} cannot have a nickname that nobody has any more: {text} and not {wanted}.", **told)
    elif wanted.startswith("you are ") and text.startswith("error: a nickname"):
        reason = tr("The server refuses {name} a good nickname: {text} and not {wanted}.", **told)
    elif (
        wanted.startswith("here: ")
        and text.startswith("here: ")
        and not re.fullmatch(r"here: (client \d+(, )?)+", wanted)
    ):
        reason = tr("/who tells {name} other names than those by which all are known: {text} and not {wanted}.", **told)
    elif wanted == "goodbye" and text.endswith((" left", " joined")):
        reason = tr(
            "{name} hears {text} before its goodbye: all are told goodbye first, then the connections end.", **told
        )
    elif said and wanted.startswith("here: ") and any(said in rest.split(b"\n") for rest in behind_quit):
        reason = tr("{name} hears {text}, which came behind a /quit: whoever has left says no more.", **told)
    else:
        return None
    return Cause("wrong-line", reason, read)


def _about_commands(peer: Peer, server: Server, text: str, wanted: str) -> Cause | None:
    """Return what a stage of nicknames and commands gets wrong about who hears what."""
    name, heard = peer.name, quote(text.encode())
    read = "stages/README.md, The lines on the wire"
    if text in (f"client {peer.number} joined", f"client {peer.number} left"):
        return Cause(
            "own-notice",
            tr("{name} is told of itself: {heard}. Such a notice goes to all the others.", name=name, heard=heard),
            read,
        )
    if re.match(r".*?: /\w", text) and not wanted.endswith(text):
        reason = tr(
            "{name} hears {heard}: a command is obeyed, and nobody else hears of it, wherever in a block it stands.",
            name=name,
            heard=heard,
        )
        return Cause("command-said", reason, read)
    if " to you: " in text and " to you: " not in wanted:
        return Cause(
            "leaked", tr("{name} hears {heard}, which was meant for somebody else alone.", name=name, heard=heard), read
        )
    whole = wanted.partition(" to you: ")[2].encode()
    if (
        whole
        and wanted.startswith(text)
        and any(whole in recv for side in server.wire.sides.values() for recv in side.recvs)
    ):
        reason = tr(
            "{name} got {heard}, and not the whole of {value}, though the line came in one piece.",
            name=name,
            heard=heard,
            value=quote(wanted.encode()),
        )
        return Cause(
            "cut-short",
            tr("{reason} The text of /msg goes on to the end of the line, blanks and all.", reason=reason),
            read,
        )
    return None
