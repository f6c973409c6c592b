"""`lab trace`: run a student's server with a few clients, and draw what goes over the wire as a sequence diagram."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .checks.peer import NOTICE
from .checks.report import CheckFailed, Event, cut
from .checks.server import Server
from .language import error_text, tr, tr_n
from .stages import find_stage

WIDTH = 79
LANE = 8  # columns of text between two lifelines


def trace(options: argparse.Namespace) -> int:
    """Draw the traffic of the stage's server; returns 1 where the server does not do what its stage asks for.

    Raises ValueError or FileNotFoundError for a stage or a file that there is not.
    """
    path, number = find_server(options.stage)
    events, failure = record(path, number)
    names = list(dict.fromkeys(event.who for event in events if event.who != "server"))
    for line in as_text(names, events):
        print(line)
    if options.svg:
        try:
            options.svg.write_text(as_svg(names, events), encoding="utf-8")
        except OSError as error:
            reason = error_text(error)
            raise ValueError(tr("{path} cannot be written: {reason}", path=options.svg, reason=reason)) from None
        print("\n" + tr("Written: {path}", path=options.svg))
    if failure:
        print("\n" + "\n".join(failure))
    sys.stdout.flush()
    return 1 if failure else 0


def find_server(what: str) -> tuple[Path, int]:
    """Return the server of a stage of the student's, or the file of this name, and the number of its stage."""
    path = Path(what)
    if path.suffix == ".py":
        if not path.is_file():
            raise FileNotFoundError(tr("There is no file {path}: give a stage's number or a server.py.", path=path))
        match = re.match(r"(\d\d)_", path.resolve().parent.name)
        return path.resolve(), int(match[1]) if match else 9
    stage = find_stage(what)
    path = stage.work / "server.py"
    if not path.is_file():
        raise FileNotFoundError(tr("There is no {path}: lab reset {stage} brings it back.", path=path, stage=what))
    return path, stage.number


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


PARTS: dict[int, Callable[[Server], None]] = {
    **{1: _echo, 2: _lines, 3: _threads, 4: _registry, 5: _broadcast},
    **{6: _leaving, 7: _leaving, 8: _shutdown, 9: _chat, 10: _chat},
}


def record(path: Path, number: int) -> tuple[list[Event], list[str]]:
    """Return what the clients of the stage's part saw, and the lines of the failure that ended it, or none."""
    server = Server(path, number)
    failure: list[str] = []
    try:
        PARTS[number](server)
        server.stop()
    except CheckFailed as failed:
        cause = failed.cause
        failure = [cause.text, *([tr("Read: {what}", what=cause.read)] if cause.read else [])]
    finally:
        events = list(server.transcript.events)  # what comes from here on is our tidying up
        server.destroy()
    return [event for event in events if not _ours(event)], failure


def _ours(event: Event) -> bool:
    """Whether the event belongs to the end of the part alone: the clients hang up."""
    return False


# The drawing


@dataclass(frozen=True)
class Arrow:
    """One row: between the client of this column and the server. to: "server", "client", or "" for a note."""

    column: int
    to: str
    label: str
    ends: bool  # the client's lifeline ends here
    begins: bool


def arrows(names: list[str], events: list[Event]) -> list[Arrow]:
    """Return a row for each event."""
    rows, seen = [], set()
    for event in events:
        if event.who not in names:
            rows.append(Arrow(len(names), "", event.what, False, False))
            continue
        column = names.index(event.who)
        what = event.what
        to = "server" if what.startswith("→") or column not in seen else "client" if what.startswith("←") else ""
        label = what.lstrip("→← ")
        if (lines := label.count("\\n")) > 1:
            label += " " + tr_n("({number} line at once)", "({number} lines at once)", lines)
        last = not any(later.who == event.who for later in events[events.index(event) + 1 :])
        rows.append(Arrow(column, to, label, last, column not in seen))
        seen.add(column)
    return rows


def as_text(names: list[str], events: list[Event]) -> list[str]:
    """Return the diagram: what was sent on the left, on the right a lifeline for each client and one for the server."""
    columns = [*names, tr("server")]
    room = WIDTH - LANE * len(columns) - 4
    head = "".join(f"{name:^{LANE}}" for name in columns)
    lines = [" " * (room + 5) + head.rstrip()]
    alive = [False] * len(names)
    for number, row in enumerate(arrows(names, events), start=1):
        if row.begins:
            alive[row.column] = True
        lanes = [list(f"{'│' if on else ' ':^{LANE}}") for on in [*alive, True]]
        picture = [letter for lane in lanes for letter in lane]
        middle = LANE // 2
        if row.to:
            start, end = row.column * LANE + middle, len(names) * LANE + middle
            for place in range(start + 1, end):
                picture[place] = "┼" if picture[place] == "│" else "─"
            picture[start], picture[end] = ("├", "►") if row.to == "server" else ("◄", "┤")
        if row.ends:
            alive[row.column] = False
        lines.append(f"{number:>3} {cut(row.label, room):<{room}} {''.join(picture).rstrip()}")
    return lines
