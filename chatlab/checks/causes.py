"""Why a check failed, told from evidence: what came, what the server did with its sockets, and where its threads stand.

Each cause has a key that stays (the mistakes in tests/mistakes name it) and a sentence for the student.
"""

from __future__ import annotations

import functools
import queue
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..language import tr
from .lines import number_twice, speaker_silenced, why_different, why_missing
from .report import Cause, CheckFailed
from .threads import at_line, in_words, inside, locks_around, short, stand, stuck_sends, student_frames

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
            return number_twice(peer, server, got, wanted)
        if ending:
            cause = (
                speaker_silenced(peer, server, wanted)
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
        return why_missing(peer, server, got, ending or "silence", wanted)
    return why_different(peer, server, got, wanted)


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
            "server-died", tr("The whole server has ended with {errors}", errors=in_words(errors[0], server.path))
        )
    if server.errors:
        name, error = server.errors[-1]
        return Cause(
            "exception", tr("{name} has ended with {error}", name=short(name), error=in_words(error, server.path))
        )
    return None


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
    stacks = {thread: student_frames(server, thread) for thread in server.threads()}
    holds: dict[int, list[tuple[threading.Thread, str, int]]] = {}
    waits: list[tuple[threading.Thread, int, str, int]] = []
    for thread, frames in stacks.items():
        innermost = True
        for frame, lineno in frames:
            for name, lock, line in locks_around(frame, lineno):
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


def _blocked(server: Server) -> Cause | None:
    """A thread waits for another, in join, or in put for room in a queue; and that other is never woken."""
    stuck = stuck_sends(server)
    for thread in server.threads():
        if frame := inside(thread, threading.__file__, "join"):
            other = frame.f_locals["self"]
            waits = tr(
                "{name} waits in join{server} for thread {name2!r}",
                name=short(thread.name),
                server=at_line(server, thread),
                name2=short(other.name),
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
            if server.stopped and (call and call.name == "recv" or inside(other, queue.__file__, "get")):
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
        if stuck and inside(thread, queue.__file__, "put"):
            text = tr(
                "{name} waits in put{server} until a full queue has room, for ever: {peer} does not "
                "read, and so its writer {name2!r} is stuck in {name3}. A bound needs a rule for "
                "what happens when it is reached: a timeout, and then?",
                name=short(thread.name),
                server=at_line(server, thread),
                peer=stuck[0][1].peer,
                name2=short(stuck[0][0].name),
                name3=stuck[0][1].name,
            )
            return Cause("outbox-full", text, "07_slow_reader, The idea")
    return None


def _stuck(server: Server) -> Cause | None:
    """A thread is inside send, to a peer that does not read, and what others wait for does not come."""
    for thread, call in stuck_sends(server):
        line = student_frames(server, thread)
        where = tr(" at line {line}", line=line[0][1]) if line else ""
        held = [name for frame, number in line for name, _, begin in locks_around(frame, number) if begin < number]
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
    if server.thread and (frame := inside(server.thread, threading.__file__, "join")):
        text = tr(
            "{name} is not accepted: the thread that accepts clients waits in join{server} until "
            "thread {name2!r} ends. One client must not wait for another.",
            name=peer.name,
            server=at_line(server, server.thread),
            name2=short(frame.f_locals["self"].name),
        )
        return Cause("one-at-a-time", text, "03_threads, The idea")
    if not any(call.name == "accept" for call in server.wire.inside.values()):
        return Cause(
            "not-accepted", tr("The server does not accept {name}: no thread of it is in accept().", name=peer.name)
        )
    return None


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
            text = tr("{who} has ended with {error}", who=short(who), error=in_words(error, server.path))
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
        return fail("server-died", tr("The server has ended with {errors}", errors=in_words(errors[0], server.path)))
    live = server.wire.live()
    if live and server.errors:
        name, error = server.errors[0]
        text = tr("{name} has ended with {error}", name=short(name), error=in_words(error, server.path))
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
