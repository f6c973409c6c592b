"""Why a check failed, told from evidence: what came, what the server did with its sockets, and where its threads stand.

Each cause has a key that stays (the mistakes in tests/mistakes name it) and a sentence for the student.
"""

from __future__ import annotations

import ast
import functools
import linecache
import os
import queue
import re
import select
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ..language import tr
from .report import WIDTH, Cause, CheckFailed, cut, quote

if TYPE_CHECKING:
    from .peer import Peer
    from .server import Server


OPEN = re.compile(r'raise NotImplementedError\("stage \d+, TODO (\d+)"\)')


def failure(peer: Peer, expected: str, got: bytes, ending: str | None, wanted: str | bytes | None) -> CheckFailed:
    """Return the failure of a peer that was to hear something: `got` came, or nothing more, for the reason `ending`.

    ending: None where a whole line or all the bytes came, else "eof", "reset", "silence", "refused", "full" (the peer
    cannot send), "unnoticed" (the server does not notice that the peer is gone) or "twice" (a number that another has).
    """
    server = peer.server
    if server and ending:
        server.settles(0.5)  # a thread that is ending with an exception has just closed the connection
    cause = _tell(peer, server, got, ending, wanted)
    return CheckFailed(expected, cause, peer.transcript.lines(), server.stands() if server else [])


def plain_failure(key: str, text: str, server: Server | None = None, expected: str = "") -> CheckFailed:
    """Return a failure whose cause the check itself knows."""
    lines, stands = (server.transcript.lines(), server.stands()) if server else ([], [])
    return CheckFailed(expected, Cause(key, text), lines, stands)


def _tell(peer: Peer, server: Server | None, got: bytes, ending: str | None, wanted: str | bytes | None) -> Cause:
    if server:
        for _, error in server.errors:
            if isinstance(error, NotImplementedError):
                return todo(str(error), server.path.parent)
        if ending == "twice":
            return _number_twice(peer, server, got, wanted)
        if ending:
            cause = (
                _speaker(peer, server, wanted)
                or _dead(server)
                or _spinning(server)
                or _busy(server, ending)
                or _locked(server)
                or _blocked(server)
                or (_stuck(server) if ending not in ("eof", "reset") else None)  # nobody is kept waiting: it is closed
                or _waiting(server, peer)
            )
            if cause:
                return cause
    if ending or wanted == "end":
        return _missing(peer, server, got, ending or "silence", wanted)
    return _different(peer, server, got, wanted)


# The server as a whole


def todo(message: str, folder: Path) -> Cause:
    """Return the cause for a gap that is still to be filled; message: what its NotImplementedError says.

    Where several are open, the first of them is told, whichever was come across.
    """
    read = f"stages/{folder.name}/README.md, Steps"
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"), reverse=True)}
    still_open = {int(number) for text in texts.values() for number in OPEN.findall(text)}
    if still_open or (match := re.search(r"TODO (\d+)", message)):
        first = min(still_open) if still_open else int(match[1])
        for path, text in texts.items():
            for number, line in enumerate(text.splitlines(), start=1):
                if f"# TODO {first}:" in line:
                    gap = {"name": path.name, "number": number, "task": line.strip().lstrip("# ")}
                    return Cause("todo", tr("Still to be written: {name}, line {number}\n  {task}", **gap), read)
    what = message or "a part that raises NotImplementedError"
    return Cause("todo", tr("Still to be written: {value}.", value=what), read)


def _dead(server: Server) -> Cause | None:
    """The server, or the thread that matters, has ended with an exception, or serve has returned."""
    if not server.alive() and not server.stopped:
        errors = [error for name, error in server.errors if name == "serve"]
        if not errors:
            text = tr("`serve` has returned, though the listener is open: the server accepts nobody any more.")
            return Cause("serve-returned", text, "stages/README.md, The contract")
        return Cause(
            "server-died", tr("The whole server has ended with {errors}", errors=_told(errors[0], server.path))
        )
    if server.errors:
        name, error = server.errors[-1]
        return Cause(
            "exception", tr("{name} has ended with {error}", name=short(name), error=_told(error, server.path))
        )
    return None


def _told(error: BaseException, path: Path) -> str:
    """Return the exception in words, with the student's own line."""
    line = _student_line(error, path)
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    if line is None:
        return f"{text}." + _advice(error, path)
    where = tr("{file}, line {number}, in {function}:", file=path.name, number=line.lineno, function=line.name)
    return f"{text}\n  {where}\n  {line.line}" + _advice(error, path)


def _advice(error: BaseException, path: Path) -> str:
    """Return a sentence, on a line of its own, about an exception that beginners do not expect."""
    if isinstance(error, UnicodeDecodeError) and path.parent.name.startswith("01"):
        return tr("\nA client may send any bytes at all, and an echo does not decode them.")
    if isinstance(error, UnicodeDecodeError):
        return tr(
            "\nA piece may end in the middle of a letter, and a client may send what is no text "
            "at all: decode whole lines, and expect this error then."
        )
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return tr("\nA client may vanish at any moment, and recv or sendall raises an OSError then: expect it.")
    return ""


def _student_line(error: BaseException, path: Path) -> traceback.FrameSummary | None:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _same(frame.filename, path)]
    return frames[-1] if frames else None


def _same(filename: str, path: Path) -> bool:
    return Path(filename).parent == path.parent


def _spinning(server: Server) -> Cause | None:
    """recv has said goodbye again and again, and the server asks on."""
    for name, side in server.wire.sides.items():
        if side.goodbyes > 3 and side.closed:
            text = tr(
                "The server has closed the connection of {name} itself, and asks on: recv on it has "
                "failed {goodbyes:,} times. After an error nothing more will come: leave the loop.",
                name=name,
                goodbyes=side.goodbyes,
            )
            return Cause("error-ignored", text, "01_echo, Steps")
        if side.goodbyes > 3:
            text = tr(
                '{name} has said goodbye, and the server asks on: its recv has returned b"" '
                '{goodbyes:,} times. b"" never means "nothing yet": it means that nothing more will '
                "ever come.",
                name=name,
                goodbyes=side.goodbyes,
            )
            return Cause("goodbye-ignored", text, "01_echo, The idea")
    return None


def _busy(server: Server, ending: str) -> Cause | None:
    """A thread runs all the time, and what is waited for does not come."""
    if ending not in ("silence", "unnoticed", "full") or not hasattr(time, "pthread_getcpuclockid"):
        return None

    def seconds(thread: threading.Thread) -> float:
        try:
            return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        except OSError:  # it has just ended
            return 0.0

    threads = server.threads()
    before = [seconds(thread) for thread in threads]
    threading.Event().wait(0.5)
    for thread, begin in zip(threads, before):
        if seconds(thread) - begin > 0.01:  # a thread that waits uses none
            text = tr(
                "{name} runs all the time and never waits for anything:\n{server}",
                name=short(thread.name),
                server=stand(server, thread),
            )
            return Cause("busy-loop", text)
    return None


# Threads that wait for each other, or for somebody who does not read


def _locked(server: Server) -> Cause | None:
    """A thread waits for a lock, and a moment later still waits for it."""
    cause = _locked_now(server)
    if cause:
        threading.Event().wait(0.2)
    return cause if cause and cause == _locked_now(server) else None


def _locked_now(server: Server) -> Cause | None:
    """A thread waits for a lock that another, or itself, holds: told from where they stand in the source."""
    stacks = {thread: _student_frames(server, thread) for thread in server.threads()}
    holds: dict[int, list[tuple[threading.Thread, str, int]]] = {}
    waits: list[tuple[threading.Thread, int, str, int]] = []
    for thread, frames in stacks.items():
        innermost = True
        for frame, lineno in frames:
            for name, lock, line in _locks_around(frame, lineno):
                if innermost and line == lineno and thread not in server.wire.inside:
                    waits.append((thread, id(lock), name, lineno))
                else:
                    holds.setdefault(id(lock), []).append((thread, name, line))
            innermost = False
    for thread, lock, name, lineno in waits:
        for holder, _, line in holds.get(lock, []):
            if holder is thread:
                text = tr(
                    "Deadlock: {name} waits for {name2} at line {lineno}, and holds it itself since line "
                    "{line}. A Lock cannot be taken twice, not even by the thread that has it.",
                    name=short(thread.name),
                    name2=name,
                    lineno=lineno,
                    line=line,
                )
                return Cause("deadlock", text, "06_leaving, Think about it")
            call = server.wire.inside.get(holder)
            if call and call.name in ("send", "sendall"):
                text = tr(
                    "{name} holds {name2} since line {line} while it sends to {peer}, who does not read; "
                    "{name3} waits for that lock at line {lineno}. Never send with a lock held that "
                    "others need.",
                    name=short(holder.name),
                    name2=name,
                    line=line,
                    peer=call.peer,
                    name3=short(thread.name),
                    lineno=lineno,
                )
                return Cause("lock-while-sending", text, "07_slow_reader, The idea")
            text = tr(
                "Deadlock: {name} waits for {name2} at line {lineno}; {name3} holds it since line "
                "{line} and does not go on.",
                name=short(thread.name),
                name2=name,
                lineno=lineno,
                name3=short(holder.name),
                line=line,
            )
            return Cause("deadlock", text, "06_leaving, Think about it")
    return None


def _locks_around(frame, lineno: int) -> list[tuple[str, object, int]]:
    """Return (name, lock, line) for each `with LOCK:` of this frame's source around the line."""
    found = []
    for node in ast.walk(_tree(frame.f_code.co_filename)):
        if isinstance(node, ast.With) and node.lineno <= lineno <= (node.end_lineno or node.lineno):
            if node.lineno < frame.f_code.co_firstlineno:
                continue
            for item in node.items:
                lock = _value(item.context_expr, frame)
                if hasattr(lock, "acquire") and hasattr(lock, "release"):
                    found.append((ast.unparse(item.context_expr), lock, node.lineno))
    return found


@functools.lru_cache(maxsize=8)
def _tree(filename: str) -> ast.AST:
    try:
        return ast.parse(Path(filename).read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        return ast.Module([], [])


def _value(expression: ast.expr, frame) -> object:
    """Return what a plain name or a chain of attributes stands for in the frame; None for anything else."""
    if isinstance(expression, ast.Name):
        return frame.f_locals.get(expression.id, frame.f_globals.get(expression.id))
    if isinstance(expression, ast.Attribute):
        return getattr(_value(expression.value, frame), expression.attr, None)
    return None


def _blocked(server: Server) -> Cause | None:
    """A thread waits for another, in join, or in put for room in a queue; and that other is never woken."""
    stuck = _stuck_sends(server)
    for thread in server.threads():
        if frame := _inside(thread, threading.__file__, "join"):
            other = frame.f_locals["self"]
            waits = tr(
                "{name} waits in join{server} for thread {name2!r}",
                name=short(thread.name),
                server=_at(server, thread),
                name2=other.name,
            )
            call = server.wire.inside.get(other)
            if (other, call) in stuck:
                text = tr(
                    "{waits}, which is stuck in {name}: {peer} does not read. Wake it first: shutdown does.",
                    waits=waits,
                    name=call.name,
                    peer=call.peer,
                )
                return Cause("join-stuck", text, "07_slow_reader, Steps")
            if server.stopped and (call and call.name == "recv" or _inside(other, queue.__file__, "get")):
                where = tr("recv, for {peer}", peer=call.peer) if call else tr("get, for a line in its queue")
                how = tr("shutdown of its connection does") if call else tr("put something in that tells it to end")
                if call and server.wire.side(call.peer).closed:
                    text = tr(
                        "{waits}, which waits in {where}: close does not wake it. Wake it first: {how}.",
                        waits=waits,
                        where=where,
                        how=how,
                    )
                    return Cause("close-does-not-wake", text, "08_shutdown, The idea")
                text = tr(
                    "{waits}, which waits in {where}: nothing has woken it. Wake it first: {how}.",
                    waits=waits,
                    where=where,
                    how=how,
                )
                return Cause("never-woken", text, "08_shutdown, The idea")
        if stuck and _inside(thread, queue.__file__, "put"):
            text = tr(
                "{name} waits in put{server} until a full queue has room, for ever: {peer} does not "
                "read, and so its writer {name2!r} is stuck in {name3}. A bound needs a rule for "
                "what happens when it is reached: a timeout, and then?",
                name=short(thread.name),
                server=_at(server, thread),
                peer=stuck[0][1].peer,
                name2=stuck[0][0].name,
                name3=stuck[0][1].name,
            )
            return Cause("outbox-full", text, "07_slow_reader, The idea")
    return None


def _inside(thread: threading.Thread, filename: str, function: str):
    """Return the frame of the thread that is in this function of the library, to wait there without a timeout, or None."""
    frame = sys._current_frames().get(thread.ident)
    while frame and (frame.f_code.co_filename, frame.f_code.co_name) != (filename, function):
        frame = frame.f_back
    patient = frame and frame.f_locals.get("timeout") is None and frame.f_locals.get("block", True)
    return frame if patient else None


def _at(server: Server, thread: threading.Thread) -> str:
    frames = _student_frames(server, thread)
    return tr(" at line {line}", line=frames[0][1]) if frames else ""


def _stuck(server: Server) -> Cause | None:
    """A thread is inside send, to a peer that does not read, and what others wait for does not come."""
    for thread, call in _stuck_sends(server):
        line = _student_frames(server, thread)
        where = tr(" at line {line}", line=line[0][1]) if line else ""
        held = [name for frame, number in line for name, _, begin in _locks_around(frame, number) if begin < number]
        text = tr(
            "{name} waits in {name2}{where}: {peer} does not read, its buffers are full, and so "
            "nobody else gets anything from this thread.",
            name=short(thread.name),
            name2=call.name,
            where=where,
            peer=call.peer,
        ) + (tr(" It holds {held} meanwhile: whoever needs that waits, too.", held=held[-1]) if held else "")
        return Cause("stuck-in-send", text, "07_slow_reader, The idea")
    return None


def _stuck_sends(server: Server) -> list[tuple]:
    """Return (thread, call) for each send that goes on for longer than a moment."""
    calls = [(thread, call) for thread, call in list(server.wire.inside.items()) if call.name in ("send", "sendall")]
    if calls:
        threading.Event().wait(0.2)
    return [(thread, call) for thread, call in calls if server.wire.inside.get(thread) is call]


def _waiting(server: Server, peer: Peer) -> Cause | None:
    """The peer has not even been accepted: the one thread serves somebody else."""
    side = server.wire.sides.get(peer.name)
    if side and side.socket:
        return None
    call = server.wire.inside.get(server.thread) if server.thread else None
    if call and call.peer and call.peer != peer.name:
        text = tr(
            "{name} is not accepted: the thread that accepts clients waits in {name2} for "
            "{peer}. One client must not wait for another.",
            name=peer.name,
            name2=call.name,
            peer=call.peer,
        )
        return Cause("one-at-a-time", text, "03_threads, The idea")
    if server.thread and (frame := _inside(server.thread, threading.__file__, "join")):
        text = tr(
            "{name} is not accepted: the thread that accepts clients waits in join{server} until "
            "thread {name2!r} ends. One client must not wait for another.",
            name=peer.name,
            server=_at(server, server.thread),
            name2=frame.f_locals["self"].name,
        )
        return Cause("one-at-a-time", text, "03_threads, The idea")
    if not any(call.name == "accept" for call in server.wire.inside.values()):
        return Cause(
            "not-accepted", tr("The server does not accept {name}: no thread of it is in accept().", name=peer.name)
        )
    return None


# Who speaks, who is here, who has left


def _who_says(server: Server, wanted: str | bytes | None) -> Peer | None:
    """Return the peer whose line is waited for, from stage 05 on."""
    match = re.match(r"client (\d+): ", wanted) if isinstance(wanted, str) else None
    return next((peer for peer in server.peers if match and peer.number == int(match[1])), None)


def _speaker(peer: Peer, server: Server, wanted: str | bytes | None) -> Cause | None:
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
        text += tr(" It was {errors}", errors=_told(server.errors[-1][1], server.path)) if server.errors else ""
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


def _number_twice(peer: Peer, server: Server, got: bytes, name: str) -> Cause:
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
                error=_told(error, server.path),
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


# What came, or did not


def _missing(peer: Peer, server: Server | None, got: bytes, ending: str, wanted: str | bytes | None) -> Cause:
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


def _different(peer: Peer, server: Server | None, got: bytes, wanted: str | bytes | None) -> Cause:
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
            "{name} does not get {wanted} whole and in its turn: {text} comes instead. What waits for a client goes out "
            "before anything that is said later.",
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


# What is left behind


def left_behind(server: Server) -> CheckFailed | None:
    """Return the failure of a server that does not end: threads that run, connections that are open."""
    for _, error in server.errors:
        if isinstance(error, NotImplementedError):
            return CheckFailed("", todo(str(error), server.path.parent), server.transcript.lines(), [])
    threads = server.threads()
    fail = functools.partial(plain_failure, server=server)
    if threads:
        if cause := _spinning(server) or _locked(server) or _blocked(server) or _stuck(server):
            return CheckFailed(tr("every thread ends"), cause, server.transcript.lines(), server.stands())
        if server.errors:
            who, error = server.errors[0]
            text = tr("{who} has ended with {error}", who=short(who), error=_told(error, server.path))
            return fail(
                "exception",
                tr(
                    "{text}\nSo {name} goes on for ever: {server}",
                    text=text,
                    name=short(threads[0].name),
                    server=stand(server, threads[0]),
                ),
            )
        if server.thread in threads:
            text = tr("`serve` does not return when its listener is closed: accept raises OSError then.")
            return fail("serve-goes-on", f"{text}\n{stand(server, server.thread)}")
        where = stand(server, threads[0])
        text = tr(
            "{number} thread(s) of the server go on when everything is over:\n{where}", number=len(threads), where=where
        )
        return fail("thread-left", text)
    errors = [error for name, error in server.errors if name == "serve"]
    if errors:
        return fail("server-died", tr("The server has ended with {errors}", errors=_told(errors[0], server.path)))
    live = server.wire.live()
    if live and server.errors:
        name, error = server.errors[0]
        text = tr("{name} has ended with {error}", name=short(name), error=_told(error, server.path))
        return fail(
            "exception", tr("{text}\nSo the connection of {live} is never closed.", text=text, live=next(iter(live)))
        )
    if live:
        text = tr("The server never closes the connection of {names}.", names=", ".join(list(live)[:3]))
        return fail("not-closed", tr("{text} Close what accept returned, however its client left.", text=text))
    return None


def descriptors_left(server: Server) -> CheckFailed | None:
    """Return the failure of a server after which more file descriptors are open than before; all peers are closed."""
    from .server import open_descriptors

    more = open_descriptors() - server.descriptors
    text = tr(
        "{more} file descriptor(s) more are open than before the server ran: something is never closed.", more=more
    )
    return plain_failure("descriptor-left", text, server) if more > 0 else None


def stand(server: Server, thread: threading.Thread) -> str:
    """Return one line: where the thread stands in the student's file, and what it waits for."""
    call = server.wire.inside.get(thread)
    if call:
        if call.name == "accept":
            doing = tr("in accept")
        elif call.name == "recv":
            doing = tr("in recv from {peer}", peer=call.peer)
        else:
            doing = tr("in {call} to {peer}", call=call.name, peer=call.peer)
    else:
        doing = tr("waits") if rests(server, thread) else tr("runs")
    name = short(thread.name)
    frames = _student_frames(server, thread)
    if not frames:
        return f"  {name} {doing}"
    frame, lineno = frames[0]
    source = linecache.getline(frame.f_code.co_filename, lineno).strip()
    return cut("  " + tr("{name} {doing}, line {lineno}: ", name=name, doing=doing, lineno=lineno) + source, WIDTH)


def short(thread: str) -> str:
    """Return a thread's name without the function that Python puts behind it: "Thread-4 (handle)" is Thread-4."""
    return re.sub(r" \(.*\)$", "", thread)


def rests(server: Server, thread: threading.Thread) -> bool:
    """Whether the thread stands where only another can wake it: in a lock, a queue, a join or an Event without a timeout."""
    if thread in server.wire.inside:
        return server.wire.inside[thread].patient
    frame = sys._current_frames().get(thread.ident)
    if frame is None or _is_about_to_run(thread):
        return False
    if frame.f_code.co_filename == threading.__file__ and frame.f_code.co_name in (
        "wait",
        "join",
        "_wait_for_tstate_lock",
    ):
        return frame.f_locals.get("timeout") in (None, -1)
    if _same(frame.f_code.co_filename, server.path):
        return any(line == frame.f_lineno for _, _, line in _locks_around(frame, frame.f_lineno))
    return False


def _is_about_to_run(thread: threading.Thread) -> bool:
    """Whether the system says that the thread has been woken and waits for a processor only; Linux tells."""
    try:
        stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "R"  # proc(5)


def idle(server: Server, thread: threading.Thread) -> bool:
    """Whether the thread runs nothing of the student's: it is a worker of a pool, and waits for work."""
    return not _student_frames(server, thread)


def _student_frames(server: Server, thread: threading.Thread) -> list[tuple]:
    """Return (frame, line number) of the thread's frames in the student's folder, innermost first."""
    frame = sys._current_frames().get(thread.ident)
    found = []
    while frame:
        if _same(frame.f_code.co_filename, server.path):
            found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return found
