"""What goes over the wire between a stage's server and a few clients, noted at both ends: what `lab trace` draws.

It is played in a process of its own: a server that hangs, or ends its process, still has its diagram up to there.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .checks.report import CheckFailed, Event, Transcript, where, wrap
from .checks.server import Server
from .checks.wire import Call, Wire
from .language import tr, tr_n

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0  # seconds without a word after which the process is ended; a peer gives up in half of it


@dataclass(frozen=True)
class Play:
    """What the clients did and saw, in order, and which of the connections had ended by then."""

    events: tuple[Event, ...]
    notes: tuple[str, ...]  # to each event: how its bytes were taken in pieces or with others; "": as they were sent
    ended: frozenset[str]

    @property
    def names(self) -> list[str]:
        """The clients, in the order in which they came."""
        return list(dict.fromkeys(event.who for event in self.events if event.who != "server"))


def record(path: Path, number: int) -> tuple[Play, list[str]]:
    """Return the play of the stage on this server.py, and the lines of the failure that ended it, or none."""
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "chatlab.recorder", str(path), str(number)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )
    told: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process, told), daemon=True).start()
    events: list[Event] = []
    try:
        while line := told.get(timeout=PATIENCE):
            message = json.loads(line)
            if "failure" in message:
                play = Play(tuple(events), tuple(message["notes"]), frozenset(message["ended"]))
                return play, message["failure"]
            events.append(Event(**message))
        status = process.wait()
        failure = tr("The process has ended (status {status}): it calls os._exit, or it crashed.", status=status)
    except queue.Empty:
        failure = tr("{file} does not come to its end while it is imported: a loop at its top level?", file=path.name)
        if events:
            failure = tr("The server hangs: for {seconds:.0f} s nothing more has happened.", seconds=PATIENCE)
    finally:
        process.kill()
        process.wait()
    return Play(tuple(events), ("",) * len(events), frozenset()), wrap(failure)


def _read(process: subprocess.Popen[str], told: queue.SimpleQueue[str | None]) -> None:
    with process.stdout as lines:
        for line in lines:
            told.put(line)
    told.put(None)


# What is noted, in the other process


class Notes(Transcript):
    """Tells each event as it comes, and keeps how many bytes its client had sent and received by then."""

    def __init__(self, server: Server, tell: Callable[[dict], None]) -> None:
        super().__init__()
        self.server, self.tell = server, tell
        self.counts: list[tuple[int, int]] = []

    def note(self, who: str, what: str) -> None:
        with self.lock:
            self.events.append(Event(who, what))
            peer = next((peer for peer in self.server.peers if peer.name == who), None)
            self.counts.append((peer.sent, peer.received) if peer else (0, 0))
            self.tell({"who": who, "what": what})


class Calls(Wire):
    """Keeps where in each client's two streams of bytes the server's calls of recv and of send ended."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, list[int]] = defaultdict(list)
        self.given: dict[str, list[int]] = defaultdict(list)

    def _count(self, call: Call) -> None:
        super()._count(call)
        ends = self.taken if call.name == "recv" else self.given
        size = len(call.result) if isinstance(call.result, bytes) else call.result
        if call.name != "accept" and isinstance(size, int) and size > 0:
            ends[call.peer].append((ends[call.peer] or [0])[-1] + size)


def notes_of(notes: Notes, wire: Calls) -> list[str]:
    """Return for each event how the bytes of one call were taken by several at the other end, or of several by one."""
    found = [""] * len(notes.events)
    for peer in notes.server.peers:
        own = [number for number, event in enumerate(notes.events) if event.who == peer.name]
        received = [number for number in own if notes.events[number].what.startswith("←")]
        begin = 0
        for number in received:
            end = notes.counts[number][1]
            if end > begin:
                found[number] = _note_of_received(begin, end, wire.given[peer.name])
            begin = end
        sent = [number for number in own if notes.events[number].what.startswith("→")]
        for number, following in zip(sent, [*sent[1:], None]):
            begin, end = notes.counts[number][0], peer.sent if following is None else notes.counts[following][0]
            if end > begin:
                found[number] = _note_of_sent(begin, end, wire.taken[peer.name])
    return found


def _note_of_received(begin: int, end: int, sends: list[int]) -> str:
    """Return what is to be said of the bytes from begin to end, which one recv of the client has returned."""
    inside = [place for place in sends if begin < place < end]
    if end not in sends or (begin and begin not in sends):
        return tr("(pieces of several sends)") if inside else tr("(a piece of one send)")
    number = len(inside) + 1
    return tr_n("({number} send, one recv)", "({number} sends, one recv)", number) if number > 1 else ""


def _note_of_sent(begin: int, end: int, recvs: list[int]) -> str:
    """Return what is to be said of the bytes from begin to end, which one send of the client has given."""
    if not recvs or recvs[-1] < end:
        return tr("(the server has not read this)")
    if end not in recvs:
        return tr("(in one recv with the next)")
    if begin and begin not in recvs:
        return tr("(in one recv with the one before)")
    number = sum(begin < place <= end for place in recvs)
    return tr_n("(read in {number} piece)", "(read in {number} pieces)", number) if number > 1 else ""


def play(path: Path, number: int, tell: Callable[[dict], None]) -> None:
    """Play the stage's part on this server, and tell each event; and at the end the failure, if any."""
    server = Server(path, number)
    server.wire = Calls()
    server.transcript = notes = Notes(server, tell)
    ended: list[str] = []
    failure: list[str] = []
    count = 0

    def draw_the_line() -> None:
        """What comes from here on is no part of it."""
        nonlocal count, ended
        count = len(notes.events)
        ended = [peer.name for peer in server.peers if peer.ending or peer.has_ended]
        notes.tell = lambda message: None

    try:
        PARTS[number](server)
        draw_the_line()
        server.stop()
    except CheckFailed as failed:
        cause = failed.cause
        failure = [*wrap(cause.text), *([tr("Read: {what}", what=where(cause.read))] if cause.read else [])]
    if not count:
        draw_the_line()
    tell({"failure": failure, "ended": ended, "notes": notes_of(notes, server.wire)[:count]})
    if server.listener:
        server.destroy()


def main() -> None:
    """Play, and tell on stdout; what the server prints goes nowhere."""
    ours, errors = (os.fdopen(os.dup(number), "w", encoding="utf-8") for number in (1, 2))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    lock = threading.Lock()

    def tell(message: dict) -> None:
        with lock:
            print(json.dumps(message), file=ours, flush=True)

    try:
        play(Path(sys.argv[1]), int(sys.argv[2]), tell)
    except KeyboardInterrupt:
        pass
    except BaseException:  # the lab's own fault
        traceback.print_exc(file=errors)
    finally:
        errors.flush()
        os._exit(0)  # whatever threads the server has left


# The clients' parts


def _echo(server: Server) -> None:
    ann = server.connect("ann")
    for data in (b"hello", "привет".encode()):
        ann.sends(data)
        ann.hears_bytes(data)
    ann.leaves()
    bob = server.connect("bob")
    bob.sends(b"me too")
    bob.hears_bytes(b"me too")
    bob.resets()
    server.has_noticed(bob)


def _lines(server: Server) -> None:
    ann = server.connect("ann")
    ann.sends(b"one\ntwo\nthree\n")
    ann.hears("you said: one", "you said: two", "you said: three")
    letter = "да\n".encode()
    ann.sends(letter[:1], letter[1:3], letter[3:])
    ann.hears("you said: да")
    ann.sends(b"half a li")
    ann.says_goodbye()
    ann.hears_end()


def _threads(server: Server) -> None:
    ann, bob = server.connect("ann"), server.connect("bob")
    bob.says("ann says nothing")
    bob.hears("you said: ann says nothing")
    ann.says("I am here")
    ann.hears("you said: I am here")
    bob.leaves()
    ann.leaves()


def _registry(server: Server) -> None:
    ann, bob = server.join("ann", "bob")
    ann.says("/who")
    ann.hears(f"here: client {ann.number}, client {bob.number}")
    bob.leaves()
    (eve,) = server.join("eve")
    eve.sees(f"client {ann.number}", f"client {eve.number}")


def _broadcast(server: Server) -> None:
    ann, bob, eve = server.join("ann", "bob", "eve")
    for speaker, others in ((ann, (bob, eve)), (eve, (ann, bob))):
        speaker.says("hello")
        for other in others:
            other.hears_from(speaker, "hello")
    ann.hears_nothing()


def _leaving(server: Server) -> None:
    ann, bob, eve = server.join("ann", "bob", "eve", notices=True)
    bob.resets()
    ann.hears(f"client {bob.number} left")
    eve.hears(f"client {bob.number} left")
    eve.says("where is bob?")
    ann.hears_from(eve, "where is bob?")
    ann.leaves(eve)


def _slow_reader(server: Server) -> None:
    ann, bob, eve = server.join("ann", "bob", "eve", notices=True)
    lines = ["does eve sleep?", "she does not answer", "well"]
    for line in lines:
        ann.says(line)
        bob.hears_from(ann, line)
    eve.hears_from(ann, *lines)
    eve.says("here I am")
    for other in (ann, bob):
        other.hears_from(eve, "here I am")
    eve.leaves(ann, bob)


def _shutdown(server: Server) -> None:
    ann, bob = server.join("ann", "bob", notices=True)
    ann.says("good night")
    bob.hears_from(ann, "good night")
    server.stop_listening()
    for peer in (ann, bob):
        peer.hears("goodbye")
        peer.hears_end()


def _chat(server: Server) -> None:
    ann, bob, eve = server.join("ann", "bob", "eve", notices=True)
    ann.says("/nick ann")
    ann.hears("you are ann")
    for other in (bob, eve):
        other.hears(f"client {ann.number} is now ann")
    bob.says("/msg ann psst")
    ann.hears(f"client {bob.number} to you: psst")
    ann.sends(b"one\ntwo\n")
    for other in (bob, eve):
        other.hears("ann: one", "ann: two")
    ann.says("/quit")
    ann.hears("goodbye")
    ann.hears_end()
    for other in (bob, eve):
        other.hears("ann left")
    eve.resets()
    bob.hears(f"client {eve.number} left")


def _fast(server: Server) -> None:
    ann, bob, eve = server.join("ann", "bob", "eve", notices=True)
    ann.sends(b"one\n/nick ann\ntwo\n")
    for other in (bob, eve):
        other.hears("client 1: one", "client 1 is now ann", "ann: two")
    ann.hears("you are ann")
    bob.sends(b"/msg ann psst\n/who\nthree\n")
    ann.hears("client 2 to you: psst", "client 2: three")
    bob.hears("here: ann, client 2, client 3")
    eve.hears("client 2: three")
    eve.resets()
    for other in (ann, bob):
        other.hears("client 3 left")
    server.stop_listening()
    for peer in (ann, bob):
        peer.hears("goodbye")
        peer.hears_end()


PARTS: dict[int, Callable[[Server], None]] = {
    **{1: _echo, 2: _lines, 3: _threads, 4: _registry, 5: _broadcast},
    **{6: _leaving, 7: _slow_reader, 8: _shutdown, 9: _chat, 10: _fast},
}


if __name__ == "__main__":
    main()
