"""The demo: real servers and clients in a short conversation, every participant's screen side by side.

Each stage has a script: a table of steps. A step waits until the lines it promises are on the right screens, and a line
that nobody promised is a failure too; so a demo that ends with status 0 has shown a server that works.

    Participant   one program (or one bare socket) and its screen: started, written to, read by a thread, ended
    Play          carries out a script: does a step, waits for its evidence, keeps the rhythm
    PlainScreen   a line for each event, for pipes and logs
    PanelScreen   a panel for each participant, drawn over and over in one place, for people
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import os
import queue
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

HOST, PORT = "127.0.0.1", 9000
DEADLINE = 10.0  # seconds that a step waits for its evidence
LENGTH = 11.0  # seconds that a person is given for a whole script
WIDE = 120  # columns from which on all the panels stand beside each other
TALL = 25  # rows of the tallest panel
PYTHON = "py" if sys.platform == "win32" else "python3"  # the command that people type

# ---------------------------------------------------------------------------------------------------------- the scripts


@dataclass(frozen=True)
class Step:
    """One step of a script: who does what (a method of Play), and the lines that then come to whose screens."""

    caption: str
    who: str
    does: str
    text: str = ""
    sees: Mapping[str, str] = field(default_factory=dict)  # several lines have "\n" between them


def to_all(line: str, *names: str) -> dict[str, str]:
    """Return that each of these sees this."""
    return dict.fromkeys(names, line)


LOST = "the server closed the connection"  # what a client says, and its exit status is then 1
BLAH = ("blah " * 800).strip()

JOINS = (
    Step("ann comes; the server tells her a number", "ann", "join", sees={"ann": "you are client 1"}),
    Step("bob comes", "bob", "join", sees={"bob": "you are client 2"}),
    Step("eve comes; the server has a thread for each of them", "eve", "join", sees={"eve": "you are client 3"}),
)
CTRL_C = "Ctrl-C in the server's terminal ends it"

SCRIPTS: dict[str, tuple[Step, ...]] = {
    "01_echo": (
        Step("ann starts client.py", "ann", "join"),
        Step("what she types comes back, byte for byte", "ann", "type", "hello", {"ann": "hello"}),
        Step("bob comes too", "bob", "join"),
        Step("he gets no answer: this server serves one client at a time", "bob", "type", "anybody here?"),
        Step("ann is still being served", "ann", "type", "hello again", {"ann": "hello again"}),
        Step('ann leaves: the server reads b"", and turns to bob', "ann", "leave", sees={"bob": "anybody here?"}),
        Step("bob leaves", "bob", "leave"),
        Step(CTRL_C, "server", "stop", sees={"server": "stopped"}),
    ),
    "02_lines": (
        Step("ann starts client.py", "ann", "join"),
        Step("each line gets an answer", "ann", "type", "hello", {"ann": "you said: hello"}),
        Step("ann leaves", "ann", "leave"),
        Step("bob comes with a bare socket, to send any pieces he likes", "bob", "connect"),
        Step("half a line: the server waits for the rest", "bob", "send", "half a "),
        Step("the rest, and half a letter of the next", "bob", "send", r"line\ncaf\xc3",
             {"bob": "you said: half a line"}),
        Step("the other half: no letter is broken", "bob", "send", r"\xa9\n", {"bob": "you said: caf\u00e9"}),
        Step("three lines in one piece are three lines", "bob", "send", r"1\n2\n3\n",
             {"bob": "you said: 1\nyou said: 2\nyou said: 3"}),
        Step("bob leaves", "bob", "leave"),
        Step(CTRL_C, "server", "stop", sees={"server": "stopped"}),
    ),
    "03_threads": (
        Step("ann comes, and says nothing", "ann", "join"),
        Step("bob comes", "bob", "join"),
        Step("he is served at once: each client has a thread", "bob", "type", "hello", {"bob": "you said: hello"}),
        Step("so is ann", "ann", "type", "me too", {"ann": "you said: me too"}),
        Step("bob leaves", "bob", "leave"),
        Step("ann notices nothing", "ann", "type", "still here", {"ann": "you said: still here"}),
        Step("ann leaves", "ann", "leave"),
        Step(CTRL_C, "server", "stop", sees={"server": "stopped"}),
    ),
    "04_registry": (
        *JOINS[:2],
        Step("a line is still answered to its sender alone", "ann", "type", "hello", {"ann": "you said: hello"}),
        Step("the server knows who is here", "bob", "type", "/who", {"bob": "here: client 1, client 2"}),
        Step("ann leaves", "ann", "leave"),
        Step("eve gets 3: a number is never used again", "eve", "join", sees={"eve": "you are client 3"}),
        Step("bob leaves", "bob", "leave"),
        Step("eve leaves", "eve", "leave"),
        Step(CTRL_C, "server", "stop", sees={"server": "stopped"}),
    ),
    "05_broadcast": (
        *JOINS,
        Step("ann speaks: all the others hear it, she herself does not", "ann", "type", "hello everybody",
             to_all("client 1: hello everybody", "bob", "eve")),
        Step("bob answers", "bob", "type", "hello client 1",
             {"ann": "client 2: hello client 1", "eve": "client 2: hello client 1"}),
        Step("a command is answered to its sender alone", "eve", "type", "/who",
             {"eve": "here: client 1, client 2, client 3"}),
        Step(CTRL_C, "server", "stop", sees={"server": "stopped"} | to_all(LOST, "ann", "bob", "eve")),
    ),
    "06_leaving": (
        *JOINS[:2],
        Step("eve comes with a bare socket", "eve", "connect", sees={"eve": "you are client 3"}),
        Step("she vanishes with a reset; the others are told, once", "eve", "reset",
             sees={"ann": "client 3 left", "bob": "client 3 left"}),
        Step("the two talk on", "bob", "type", "what was that?", {"ann": "client 2: what was that?"}),
        Step("bob says goodbye politely", "bob", "leave", sees={"ann": "client 2 left"}),
        Step("nobody is left behind in the registry", "ann", "type", "/who", {"ann": "here: client 1"}),
        Step(CTRL_C, "server", "stop", sees={"server": "stopped", "ann": LOST}),
    ),
    "07_slow_reader": (
        *JOINS[:2],
        Step("eve comes, and will never read again", "eve", "connect", sees={"eve": "you are client 3"}),
        Step("ann talks until eve's outbox is full: after a second, eve is dropped", "ann", "flood", BLAH,
             {"ann": "client 3 left", "bob": "client 3 left"}),
        Step("now ann stops; bob is still there", "ann", "type", "that was all", {"bob": "client 1: that was all"}),
        Step("the two talk on", "bob", "type", "poor eve", {"ann": "client 2: poor eve"}),
        Step(CTRL_C, "server", "stop", sees={"server": "stopped"} | to_all(LOST, "ann", "bob")),
    ),
    "08_shutdown": (
        *JOINS,
        Step("they talk", "ann", "type", "hello", to_all("client 1: hello", "bob", "eve")),
        Step(f"{CTRL_C}: everyone hears goodbye, and every thread ends", "server", "stop",
             sees={"server": "stopped"} | to_all(f"goodbye\n{LOST}", "ann", "bob", "eve")),
    ),
    "09_chat": (
        Step("ann comes", "ann", "join", sees={"server": "client 1 joined", "ann": "you are client 1"}),
        Step("bob comes, and ann is told", "bob", "join",
             sees={"server": "client 2 joined", "ann": "client 2 joined", "bob": "you are client 2"}),
        Step("eve comes", "eve", "join",
             sees=to_all("client 3 joined", "server", "ann", "bob") | {"eve": "you are client 3"}),
        Step("ann takes a nickname", "ann", "type", "/nick ann",
             {"ann": "you are ann", "bob": "client 1 is now ann", "eve": "client 1 is now ann"}),
        Step("bob wants the nickname ann too", "bob", "type", "/nick ann", {"bob": "error: the nickname ann is taken"}),
        Step("so he takes another", "bob", "type", "/nick bob",
             {"ann": "client 2 is now bob", "bob": "you are bob", "eve": "client 2 is now bob"}),
        Step("eve takes hers", "eve", "type", "/nick eve",
             {"ann": "client 3 is now eve", "bob": "client 3 is now eve", "eve": "you are eve"}),
        Step("ann speaks: all the others hear it", "ann", "type", "hello everybody",
             to_all("ann: hello everybody", "bob", "eve")),
        Step("bob says something to eve alone", "bob", "type", "/msg eve a secret",
             {"eve": "bob to you: a secret"}),
        Step("a fourth guest comes", "guest", "connect",
             sees=to_all("client 4 joined", "server", "ann", "bob", "eve")),
        Step("the guest vanishes without goodbye: its connection is reset", "guest", "reset",
             sees=to_all("client 4 left", "server", "ann", "bob", "eve")),
        Step("the chat goes on; eve asks who is here", "eve", "type", "/who", {"eve": "here: ann, bob, eve"}),
        Step(f"{CTRL_C}: all hear goodbye", "server", "stop",
             sees={"server": "stopped"} | to_all(f"goodbye\n{LOST}", "ann", "bob", "eve")),
    ),
    "10_fast": (
        Step("ann comes", "ann", "join", sees={"server": "client 1 joined", "ann": "you are client 1"}),
        Step("bob comes", "bob", "join",
             sees={"server": "client 2 joined", "ann": "client 2 joined", "bob": "you are client 2"}),
        Step("eve comes with a bare socket", "eve", "connect",
             sees=to_all("client 3 joined", "server", "ann", "bob") | {"eve": "you are client 3"}),
        Step("she sends three lines in one piece, a command in the middle: they go on in one piece", "eve", "send",
             r"one\n/nick eve\ntwo\n",
             to_all("client 3: one\nclient 3 is now eve\neve: two", "ann", "bob") | {"eve": "you are eve"}),
        Step("she never reads again, and ann talks without a pause: soon eve is dropped", "ann", "flood", BLAH,
             to_all("eve left", "server", "ann", "bob")),
        Step("now ann stops; bob has heard it all", "ann", "type", "that was all", {"bob": "client 1: that was all"}),
        Step(f"{CTRL_C}: all hear goodbye", "server", "stop",
             sees={"server": "stopped"} | to_all(f"goodbye\n{LOST}", "ann", "bob")),
    ),
}  # fmt: skip

# --------------------------------------------------------------------------------------------------------- participants


class DemoFailure(Exception):
    """What the demo was to show did not happen; the message says so in a clause for people."""


@dataclass
class Participant:
    """Somebody in the play: a program or a bare socket, and what is on their screen."""

    name: str
    program: str
    process: subprocess.Popen[bytes] | None = None
    connection: socket.socket | None = None
    lines: list[tuple[str, str]] = field(default_factory=list)  # (kind, text); the kinds are in COLOURS
    unseen: deque[str] = field(default_factory=deque)  # lines that came and that no step has asked for yet
    repeats: int = 0  # lines of a flood that came, and are not shown one by one
    ended: bool = False

    def write(self, data: bytes) -> None:
        """Send the bytes: to the program's keyboard, or straight to the server."""
        try:
            if self.connection:
                self.connection.sendall(data)
            elif self.process and self.process.stdin:
                self.process.stdin.write(data)
                self.process.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: its keyboard is closed
            raise DemoFailure(f"{self.name} cannot send anything: {error}") from None

    def leave(self) -> None:
        """Go politely: the end of the keyboard, or an orderly close."""
        with contextlib.suppress(OSError):
            if self.connection:
                self.connection.close()
            elif self.process and self.process.stdin:
                self.process.stdin.close()

    def end(self) -> None:
        """See that nothing of this participant goes on, whatever state it is in."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.leave()


# Windows can send one process group Ctrl-Break only, and Python dies of that, unless it is told to take it as Ctrl-C.
CTRL_BREAK_IS_CTRL_C = """
import runpy, signal, sys
signal.signal(signal.SIGBREAK, signal.default_int_handler)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def start(program: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a server or a client, with pipes for its keyboard and its screen."""
    windows = sys.platform == "win32"
    return subprocess.Popen(
        # -E: no PYTHON... variable of this terminal changes what is shown; -u: nothing waits in a buffer.
        [sys.executable, "-E", "-u", "-X", "utf8"]
        + (["-c", CTRL_BREAK_IS_CTRL_C] if windows else [])
        + [str(program), HOST, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A group of its own: Ctrl-C in this terminal is for the demo alone, which then ends its programs itself.
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        start_new_session=not windows,
    )


# --------------------------------------------------------------------------------------------------------- the screens

COLOURS = {
    "heard": "", "typed": "36", "error": "31", "note": "2", "caption": "1",
    "server": "33", "ann": "32", "bob": "35", "eve": "94",
}  # fmt: skip
PANELS = ("server", "ann", "bob", "eve")
BORDERS = "\u2500\u2502\u250c\u2510\u2514\u2518"
ASCII_BORDERS = "-|++++"


class PlainScreen:
    """A line for each event."""

    MARKS = {"typed": ">", "heard": "<", "note": "*"}

    def caption(self, text: str) -> None:
        print(f"# {text}", flush=True)

    def show(self, who: Participant, kind: str, text: str) -> None:
        mark = "|" if (who.name, kind) == ("server", "heard") else self.MARKS[kind]
        print(f"{who.name:<6} {mark} {text}", flush=True)

    def close(self) -> None:
        pass


class PanelScreen:
    """A panel for each participant, drawn in place. Nothing is wiped before it is drawn anew, so nothing flickers."""

    def __init__(self, panels: list[Participant], colours: bool, borders: str) -> None:
        self.panels, self.colours, self.borders = panels, colours, borders
        self.text = ""
        self.below = 1
        self.size = shutil.get_terminal_size()
        # What was on the terminal moves up into its history.
        print("\n" * self.size.lines, end="\x1b[2J", flush=True)

    def caption(self, text: str) -> None:
        self.text = text
        self.draw()

    def show(self, who: Participant, kind: str, text: str) -> None:
        self.draw()

    def draw(self) -> None:
        size = shutil.get_terminal_size()
        wipe, self.size = "\x1b[2J" if size != self.size else "", size
        # The last row of the terminal stays free, so nothing scrolls.
        rows = frame(self.text, self.panels, max(size.columns, 40), max(size.lines - 1, 9), self.colours, self.borders)
        drawn = "".join(f"\x1b[{number};1H{row}" for number, row in enumerate(rows, start=1))
        self.below = len(rows) + 1
        print(f"\x1b[?25l{wipe}{drawn}", end="", flush=True)  # ?25l hides the cursor

    def close(self) -> None:
        print(f"\x1b[{self.below};1H\x1b[?25h", end="", flush=True)


def paint(text: str, kind: str, colours: bool) -> str:
    """Return the text in the colour of its kind."""
    return f"\x1b[{COLOURS[kind]}m{text}\x1b[0m" if colours and COLOURS[kind] else text


def wrapped(panel: Participant, width: int) -> list[tuple[str, str]]:
    """Return (kind, text) for each row that the lines of the panel take at this width."""
    rows: list[tuple[str, str]] = []
    for kind, line in panel.lines:
        if kind == "heard" and line.startswith("error:"):
            kind = "error"
        elif line == LOST:
            kind = "note"
        text = f"> {line}" if kind == "typed" else line
        rows += [(kind, row) for row in textwrap.wrap(text, width, subsequent_indent="  ") or [""]]
    return rows


def box(panel: Participant, width: int, height: int, colours: bool, borders: str) -> list[str]:
    """Return the rows of one panel: its newest lines within a border."""
    dash, bar, *corners = list(borders)
    title = f"{dash} {panel.name}: {panel.program} ".ljust(width - 2, dash)
    side = paint(bar, panel.name, colours)
    inside = wrapped(panel, width - 3)[2 - height :]
    inside += [("heard", "")] * (height - 2 - len(inside))
    return [
        paint(corners[0] + title + corners[1], panel.name, colours),
        *(side + paint(f" {text}".ljust(width - 2), kind, colours) + side for kind, text in inside),
        paint(corners[2] + dash * (width - 2) + corners[3], panel.name, colours),
    ]


def frame(text: str, panels: list[Participant], width: int, height: int, colours: bool, borders: str) -> list[str]:
    """Return the rows of the whole picture: the caption, and the panels side by side or, if narrow, on two floors."""
    two_floors = width < WIDE and len(panels) > 2
    rows = [paint(f" {text}"[:width].ljust(width), "caption", colours)]
    for number, floor in enumerate([panels[:-2], panels[-2:]] if two_floors else [panels]):
        tall = min((height - 1 + number) // 2 if two_floors else height - 1, TALL)
        edges = column_edges(len(floor), width, 1 if two_floors else 1.5)
        boxes = [box(panel, edges[i + 1] - edges[i], tall, colours, borders) for i, panel in enumerate(floor)]
        rows += ["".join(parts) for parts in zip(*boxes, strict=True)]
    return rows


def column_edges(count: int, width: int, first: float) -> list[int]:
    """Return where the columns begin and end, the first one so many times as wide as each other."""
    return [0, *(round(width * (first + more) / (first + count - 1)) for more in range(count))]


def choose_screen(panels: list[Participant]) -> PlainScreen | PanelScreen:
    """Return the best screen that stdout can show, made ready."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
        if sys.platform == "win32":
            sys.stdout.reconfigure(encoding="utf-8")
            os.system("")  # from then on the console understands escape codes
    size = shutil.get_terminal_size()
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb" or size.columns < 60 or size.lines < 16:
        return PlainScreen()
    try:
        BORDERS.encode(sys.stdout.encoding)
        borders = BORDERS
    except UnicodeEncodeError:
        borders = ASCII_BORDERS
    return PanelScreen(panels, not os.environ.get("NO_COLOR"), borders)


def write_picture(path: Path, text: str, panels: list[Participant]) -> None:
    """Write the panels, with all that is in them, to an SVG file; needs rich."""
    from rich.console import Console
    from rich.text import Text

    edges = column_edges(len(panels), WIDE, 1.5)
    height = 3 + max(len(wrapped(panel, edges[i + 1] - edges[i] - 3)) for i, panel in enumerate(panels))
    console = Console(record=True, width=WIDE, file=io.StringIO(), no_color=False)
    for row in frame(text, panels, WIDE, height, True, BORDERS):
        console.print(Text.from_ansi(row))
    svg = console.export_svg(title="python3 lab.py demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # a picture must not ask the network for fonts
    path.write_text(svg, encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------- the play


class Play:
    """One run of a stage's programs. All that they show comes through one queue to the thread that made the Play."""

    def __init__(self, folder: Path, steps: tuple[Step, ...] = ()) -> None:
        self.folder, self.steps = folder, steps
        self.server = Participant("server", "server.py")
        self.cast = {"server": self.server}
        for step in steps:
            program = "a bare socket" if step.does == "connect" else "client.py"
            self.cast.setdefault(step.who, Participant(step.who, program))
        self.panels = [who for who in self.cast.values() if who.name in PANELS]
        self.screen: PlainScreen | PanelScreen = PlainScreen()
        self.events: queue.SimpleQueue[tuple[Participant, str | None]] = queue.SimpleQueue()
        self.port = 0
        self.now = "the server starts"
        self.flooding = ""
        self.step_end = contextlib.ExitStack()

    def perform(self, seconds: float) -> None:
        """Carry out the script in about so many seconds; raises DemoFailure where it goes otherwise than written."""
        self.open_server(0)
        reading = sum(20 + len(step.caption) for step in self.steps)  # a long caption is given longer
        for step in self.steps:
            began, beat = time.monotonic(), min(seconds * (20 + len(step.caption)) / reading, 2.0)
            self.now = step.caption
            self.screen.caption(step.caption)
            self.rest(began + beat * 0.4)
            with self.step_end:
                getattr(self, step.does)(self.cast[step.who], step)
                for name, lines in step.sees.items():
                    for line in lines.split("\n"):
                        self.see(name, line)
            self.rest(began + beat)
            self.expect_nothing_more()
        self.expect_all_ended()

    def open_server(self, port: int) -> None:
        """Start the server and wait until it listens; port 0 lets the system choose."""
        self.run_program(self.server, port)
        if match := re.search(r":(\d+)", self.see("server", f"listening on {HOST}:")):
            self.port = int(match[1])

    def run_program(self, who: Participant, port: int) -> None:
        """Start somebody's program, and a thread that reads what it shows."""
        who.process = start(self.folder / who.program, port)
        threading.Thread(target=self.read, args=(who, who.process.stdout), daemon=True).start()

    def read(self, who: Participant, output: BinaryIO) -> None:
        with output:
            for line in output:
                self.events.put((who, line.decode(errors="replace").rstrip("\r\n")))
        self.events.put((who, None))

    def close(self) -> None:
        """End everything that still runs, and give the terminal back."""
        try:
            for who in self.cast.values():
                who.end()
        finally:
            self.screen.close()

    # What comes from the programs.

    def show(self, who: Participant, kind: str, text: str) -> None:
        """Put a line on somebody's screen."""
        clean = "".join(letter if letter.isprintable() else "?" for letter in text)
        short = clean if len(clean) <= 300 else f"{clean[:40]}... ({len(clean):,} letters)"
        who.lines.append((kind, short))
        self.screen.show(who, kind, short)

    def pump(self, seconds: float) -> bool:
        """Take in one event; returns False when none comes within so many seconds."""
        try:
            who, line = self.events.get(timeout=max(seconds, 0))
        except queue.Empty:
            return False
        if line is not None and self.flooding and line.endswith(self.flooding):
            who.repeats += 1
            return True
        if who.repeats:
            self.show(who, "note", f"({who.repeats:,} times {self.flooding[:15]}...)")
            who.repeats = 0
        if line is None:
            who.ended = True
            self.show(who, "note", f"(ended with status {self.status(who)})")
        else:
            who.unseen.append(line)
            self.show(who, "heard", line)
        return True

    def rest(self, until: float) -> None:
        """Let time pass for the one who watches; what comes meanwhile is shown."""
        while (left := until - time.monotonic()) > 0:
            self.pump(left)

    def status(self, who: Participant) -> int:
        """Return the exit status of a program that is ending."""
        assert who.process
        try:
            return who.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise DemoFailure(f"{who.name}'s program does not end") from None

    def see(self, name: str, text: str) -> str:
        """Wait until the next line on somebody's screen is this one, and return it.

        On the server's screen it is enough that a line holds the text, and other lines may come before it.
        """
        who, deadline = self.cast[name], time.monotonic() + DEADLINE
        while True:
            while who.unseen:
                line = who.unseen.popleft()
                if line == text or (who is self.server and text in line):
                    return line
                if who is not self.server:
                    raise DemoFailure(f"{name} sees {line!r} where {text!r} should be")
            if who.ended:
                raise DemoFailure(f"{name}'s program has ended, and {text!r} was never on its screen")
            if who.connection:
                self.receive(who, deadline)
            if not self.pump(deadline - time.monotonic()):
                raise DemoFailure(f"{name} does not see {text!r} within {DEADLINE:g} seconds")

    def receive(self, who: Participant, deadline: float) -> None:
        """Read one line from a bare socket, and no more: what nobody asks for stays unread."""
        assert who.connection
        data = b""
        while not data.endswith(b"\n"):
            who.connection.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                byte = who.connection.recv(1)
            except OSError as error:
                raise DemoFailure(f"{who.name} waits for a line in vain: {error}") from None
            if byte == b"":
                raise DemoFailure(f"the server has closed the connection of {who.name}")
            data += byte
        self.events.put((who, data.decode(errors="replace").rstrip("\r\n")))

    def expect_nothing_more(self) -> None:
        """Raise DemoFailure if a client shows a line that no step has asked for."""
        for who in self.cast.values():
            if who.unseen and who is not self.server:
                raise DemoFailure(f"{who.name} sees {who.unseen[0]!r}, which is not for {who.name} to see")

    def expect_end(self, who: Participant) -> None:
        """Wait until somebody's program has ended."""
        deadline = time.monotonic() + DEADLINE
        while who.process and not who.ended:
            if not self.pump(deadline - time.monotonic()):
                raise DemoFailure(f"{who.name}'s program does not end")

    def expect_all_ended(self) -> None:
        """Wait until every program has ended; raises DemoFailure for a wrong exit status or a traceback in the log."""
        for who in self.cast.values():
            self.expect_end(who)
            expected = 1 if ("heard", LOST) in who.lines else 0
            if who.process and who.process.returncode != expected:
                raise DemoFailure(f"{who.name}'s program ended with status {who.process.returncode}")
        if any(line.startswith("Traceback") for _, line in self.server.lines):
            raise DemoFailure("the server's log shows an exception")
        self.expect_nothing_more()

    # What the participants do: the verbs of the scripts.

    def join(self, who: Participant, step: Step) -> None:
        self.run_program(who, self.port)

    def connect(self, who: Participant, step: Step) -> None:
        self.show(who, "note", "(connects)")
        who.connection = socket.socket()
        # A small buffer, so that it is noticed soon when its owner does not read.
        who.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        who.connection.settimeout(DEADLINE)
        try:
            who.connection.connect((HOST, self.port))
        except OSError as error:
            raise DemoFailure(f"{who.name} cannot connect: {error}") from None

    def type(self, who: Participant, step: Step) -> None:
        self.show(who, "typed", step.text)
        who.write(f"{step.text}\n".encode())

    def send(self, who: Participant, step: Step) -> None:
        """Send just these bytes, written with \\n and \\x in them."""
        self.show(who, "typed", step.text)
        who.write(step.text.encode().decode("unicode_escape").encode("latin-1"))

    def flood(self, who: Participant, step: Step) -> None:
        """Type the line again and again until the step has seen what it waits for."""
        self.show(who, "typed", step.text)
        self.show(who, "note", "(and again, and again)")
        self.flooding = step.text
        enough = threading.Event()

        def type_on() -> None:
            with contextlib.suppress(DemoFailure):
                while not enough.wait(0.002):
                    who.write(f"{step.text}\n".encode() * 16)  # some at a time, as a short wait is long on Windows

        thread = threading.Thread(target=type_on, daemon=True)
        thread.start()
        self.step_end.callback(thread.join, 2)
        self.step_end.callback(enough.set)

    def leave(self, who: Participant, step: Step) -> None:
        self.show(who, "note", "(closes)" if who.connection else "(Ctrl-D)")
        who.leave()
        self.expect_end(who)

    def reset(self, who: Participant, step: Step) -> None:
        self.show(who, "note", "(vanishes)")
        assert who.connection
        # To linger for no time at all means RST in place of FIN. The two numbers are shorts on Windows alone.
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        who.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        who.connection.close()

    def stop(self, who: Participant, step: Step | None = None) -> None:
        self.show(who, "typed", "^C")
        assert who.process
        if sys.platform == "win32":
            who.process.send_signal(signal.CTRL_BREAK_EVENT)
            # There accept() does not notice until somebody comes: https://github.com/python/cpython/issues/85609
            self.rest(time.monotonic() + 0.5)
            with contextlib.suppress(OSError):
                socket.create_connection((HOST, self.port), DEADLINE).close()
        else:
            who.process.send_signal(signal.SIGINT)


# ---------------------------------------------------------------------------------------------------------- the command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lab demo` takes on its command line."""
    parser.add_argument("stage", metavar="STAGE", nargs="?", default="9", help="9, 09 or 09_chat (default: 9)")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--live", action="store_true", help="start the stage's server for you to join; Ctrl-C stops it")
    either.add_argument("--svg", metavar="FILE", type=Path, help="write a picture of the demo too (needs rich)")


def run(options: argparse.Namespace, root: Path) -> int:
    """Play the demo of the lab in the folder root; return the exit status."""
    stage = find_stage(options.stage)
    if stage is None:
        print(f"there is no stage {options.stage!r}: give a number from 1 to {len(SCRIPTS)}", file=sys.stderr)
        return 2
    if options.svg and importlib.util.find_spec("rich") is None:
        print("--svg needs rich: run it with `python3 lab.py`, which makes a .venv that has it", file=sys.stderr)
        return 2
    play = Play(root / "solutions" / stage, () if options.live else SCRIPTS[stage])
    try:
        with orderly_end():
            try:
                live(play) if options.live else perform(play, options.svg)
            finally:
                play.close()
        if not options.live:
            print(f"All programs have ended. To join in: {PYTHON} lab.py demo {options.stage} --live", flush=True)
    except DemoFailure as failure:
        print(f"the demo of stage {stage} failed: {failure} ({play.now})", file=sys.stderr)
        return 1
    return 0


def find_stage(text: str) -> str | None:
    """Return the full name of a stage given as 9, 09 or 09_chat; None if there is no such stage."""
    for stage in SCRIPTS:
        if text == stage or text.zfill(2) == stage[:2]:
            return stage
    return None


@contextlib.contextmanager
def orderly_end() -> Iterator[None]:
    """Let Ctrl-C and every request to end raise an exception, so that the programs are ended whatever happens."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    old = {}
    if threading.current_thread() is threading.main_thread():
        # A shell's background job ignores Ctrl-C, and the server would inherit that.
        old[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
        for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) is signal.SIG_DFL:
                old[number] = signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler or signal.SIG_DFL)


def perform(play: Play, picture: Path | None) -> None:
    """Play the script on the best screen there is, and write its last frame to the picture."""
    play.screen = choose_screen(play.panels)
    play.perform(LENGTH if sys.stdout.isatty() else 0)
    if picture:
        try:
            write_picture(picture, play.now, play.panels)
        except OSError as error:
            raise DemoFailure(f"cannot write {picture}: {error.strerror}") from None


def live(play: Play) -> None:
    """Run the server until Ctrl-C, and show its log."""
    play.open_server(PORT if is_free(PORT) else 0)
    client = play.folder / "client.py"
    if client.is_relative_to(Path.cwd()):
        client = client.relative_to(Path.cwd())
    play.now = "live"
    try:  # from here on there may be a client, who is to hear goodbye
        print("Join it from other terminals, as often as you like (Ctrl-C here stops the server):")
        print(f"    {PYTHON} {client} {HOST} {play.port}")
        print(f"    nc {HOST} {play.port}", flush=True)
        while not play.server.ended:
            play.pump(0.2)  # short, as Ctrl-C on Windows waits for it
        raise DemoFailure("the server has ended by itself")
    except KeyboardInterrupt:
        play.stop(play.server)
    play.expect_all_ended()


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there the option would let two servers have one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
