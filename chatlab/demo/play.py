"""Carries out a script: real servers and clients in a short conversation, each step with its evidence.

A step waits until the lines it promises are on the right screens, and a line that nobody promised is a failure too; so
a demo that ends with status 0 has shown a server that works. Pauses are for the eye alone, and there are none where
nobody looks.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..language import amount, tr
from .buffers import RECEIVE_BUFFER, SEND_BUFFER, Buffers
from .crowd import Crowd
from .participant import HOST, DemoFailure, Participant, start
from .race import Race
from .screen import LOST, Gauge, PanelScreen, PlainScreen
from .scripts import Script, Step

DEADLINE = 10.0  # seconds that a step waits for its evidence
LENGTH = 14.0  # seconds that a demo takes where a person looks
SLICE = 0.1  # seconds of one wait: Ctrl-C on Windows waits for it


class Play:
    """One run of a stage's programs. All that they show comes through one queue to the thread that made the Play."""

    def __init__(self, solutions: Path, stage: str, script: Script) -> None:
        self.solutions, self.folder, self.script = solutions, solutions / stage, script
        self.cast = {name: Participant(name, tr(program)) for name, program in script.cast().items()}
        self.server = self.cast.get("server") or Participant("server", "server.py")
        self.panels = [who for name, who in self.cast.items() if name in script.panels]
        self.screen: PlainScreen | PanelScreen = PlainScreen()
        self.events: queue.SimpleQueue[tuple[Participant, object]] = queue.SimpleQueue()
        self.now = tr("the server starts")
        self.looked_at = False  # whether a person looks
        self.comers: list[str] = []  # the clients, in the order in which the server accepts them
        self.talk = ""  # how the lines begin that come from one who talks all the time; a number follows
        self.over = threading.Event()  # for threads that type
        self.race = Race(self)
        self.crowd = Crowd(self)
        self.buffers: Buffers | None = None
        self.numbers = itertools.count(1)
        self.questions: dict[int, threading.Event] = {}  # to the tap; set when the answer has come
        self.tap_ended = threading.Event()

    def perform(self, seconds: float) -> None:
        """Carry out the script in about so many seconds; raises DemoFailure where it goes otherwise than written.

        seconds: 0 where nobody looks; then there are no pauses.
        """
        self.looked_at = seconds > 0
        captions = [tr(step.caption) for step in self.script.steps]
        beats = [0.7 + len(caption) / 24 for caption in captions]  # nobody reads faster
        if "server" in self.cast:
            self.open_server(0)
        for step, caption, beat in zip(self.script.steps, captions, beats):
            began, beat = time.monotonic(), beat * min(1, max(seconds - self.script.own, 0) / sum(beats))
            self.now = caption
            self.screen.caption(caption)
            self.rest(began + beat * 0.5)
            getattr(self, step.does)(self.cast[step.who], step)
            for name, lines in step.sees.items():
                for line in lines.split("\n"):
                    self.see(name, line)
            self.rest(max(began + beat, time.monotonic() + beat * 0.4))
            self.expect_nothing_more()
        self.expect_all_ended()

    def open_server(self, port: int) -> None:
        """Start the server and wait until it listens; port 0 lets the system choose."""
        self.run_server(self.server, self.folder, port)

    def run_server(self, who: Participant, folder: Path, port: int) -> None:
        """Start a server, tapped where the script wants to know more than its clients see."""
        if not self.script.tapped:
            self.run_program(who, folder / "server.py", port)
        else:
            with socket.create_server((HOST, 0)) as listener:
                settings = {
                    "port": listener.getsockname()[1],
                    "calls": bool(self.script.calls),
                    "send_buffer": SEND_BUFFER if self.script.fills else 0,
                }
                self.run_program(who, folder / "server.py", port, settings)
                who.tap = self.accept_tap(listener, who)
            threading.Thread(target=self.read_tap, args=(who, who.tap), daemon=True).start()
        if match := re.search(r":(\d+)", self.see(who.name, f"listening on {HOST}:")):
            who.port = int(match[1])

    def accept_tap(self, listener: socket.socket, who: Participant) -> socket.socket:
        listener.settimeout(SLICE)
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                return listener.accept()[0]
        raise DemoFailure(tr("{name}'s program does not start", name=who.title))

    def run_program(self, who: Participant, program: Path, port: int, settings: dict[str, Any] | None = None) -> None:
        """Start somebody's program, and a thread that reads what it shows."""
        who.process = start(program, port, settings)
        threading.Thread(target=self.read, args=(who, who.process.stdout), daemon=True).start()

    def read(self, who: Participant, output: BinaryIO) -> None:
        with output:
            for line in output:
                self.catch_up(who)
                self.events.put((who, line.decode(errors="replace").rstrip("\r\n")))
        self.events.put((who, None))

    def read_tap(self, who: Participant, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line.makefile("rb") as told:
            for each in told:
                message = json.loads(each)
                self.events.put((who, message))
                if answered := self.questions.pop(message.get("question"), None):
                    answered.set()
        self.tap_ended.set()
        for answered in list(self.questions.values()):
            answered.set()

    def catch_up(self, client: Participant) -> None:
        """Before a client's line is shown, let all come that the server's tap has told before: called by its reader."""
        tap = self.server.tap
        if client.serves or not tap or not self.script.calls:
            return
        answered = self.questions[number := next(self.numbers)] = threading.Event()
        with contextlib.suppress(OSError):
            tap.sendall(b"%d\n" % number)
            if not self.tap_ended.is_set():
                answered.wait(DEADLINE)

    def close(self, text: str = "") -> None:
        """End everything that still runs, and give the terminal back; text: the last words."""
        self.over.set()
        try:
            for who in self.cast.values():
                who.end()
            self.crowd.close()
        finally:
            self.screen.close(text)

    # What comes from the programs.

    def show(self, who: Participant, kind: str, text: str) -> None:
        """Put a line on somebody's screen."""
        who.lines.append((kind, printable(text)))
        self.screen.show(who, *who.lines[-1])

    def retype(self, who: Participant, text: str) -> None:
        """Let what somebody has typed last stand so."""
        if who.lines[-1][0] == "typed":
            who.lines[-1] = ("typed", text)
            self.screen.change_line(who)

    def measure(self, who: Participant, *gauges: Gauge, tell: bool = False) -> None:
        """Let somebody's gauges stand so. tell: in a log, too."""
        who.gauges = list(gauges)
        self.screen.change_gauges(who, tell)

    def pump(self, seconds: float) -> bool:
        """Take in one event; returns False when none comes within so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                who, what = self.events.get(timeout=max(min(deadline - time.monotonic(), SLICE), 0))
                break
            except queue.Empty:
                if time.monotonic() >= deadline:
                    return False
        if isinstance(what, dict):
            self.take_in(who, what)
        elif isinstance(what, int):
            self.retype(who, f"line {what}")
        elif what is None:
            who.ended = True
            self.show(who, "note", tr("(ended with status {status})", status=self.status(who)))
        elif what == LOST and ("heard", LOST) in who.lines:
            pass  # both threads of a client that is sending have noticed
        elif isinstance(what, str) and not self.is_talk(who, what):
            who.unseen.append(what)
            self.show(who, "heard", what)
        return True

    def take_in(self, who: Participant, told: dict) -> None:
        """Take in what the tap tells: how the connections stand, or one call."""
        if "state" in told:
            who.connections = told["state"]
            return
        name = self.comers[told["client"] - 1] if told["client"] <= len(self.comers) else "?"
        data = repr(told["data"].encode("latin-1"))
        texts = {
            "accept": f"accept(): {name}",
            "waits": f"{name}: recv() ..." if self.script.calls == "threads" else "",
            "recv": f"{name}: recv() {told['error'] or '= ' + data}",
            "sendall": f"{name}: sendall({data})",
            "send": f"{name}: send({data})",
        }
        if text := texts[told["call"]]:
            text = f"[{told['thread']}] {text}" if self.script.calls == "threads" else text
            who.unseen.append(text)
            self.show(who, "heard", text)

    def is_talk(self, who: Participant, line: str) -> bool:
        """Whether the line is one of a talker's: they are counted, and stand in one place of the screen.

        Raises DemoFailure where one is missing or comes twice.
        """
        if not self.talk or not line.startswith(self.talk):
            return False
        number = int(line.removeprefix(self.talk).split()[0])
        if number != who.heard + 1:
            text = tr("{name} hears line {number} after line {last}", name=who.title, number=number, last=who.heard)
            raise DemoFailure(text)
        who.heard = number
        short = ("heard", line if len(line) <= 30 else f"{self.talk}{number} ...")
        if number == 1 or not who.lines[-1][1].startswith(self.talk):
            self.show(who, *short)
        else:
            who.lines[-1] = short
            self.screen.change_line(who)
        return True

    def rest(self, until: float) -> None:
        """Let time pass for the one who watches; what comes meanwhile is shown. Where nobody does, none passes."""
        while self.looked_at and (left := until - time.monotonic()) > 0:
            self.pump(left)

    def status(self, who: Participant) -> int:
        """Return the exit status of a program that is ending."""
        assert who.process
        try:
            return who.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise DemoFailure(tr("{name}'s program does not end", name=who.title)) from None

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Take in what comes until the condition holds; what: the clause for when it does not in time."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if not self.pump(0.02) and time.monotonic() > deadline:
                raise DemoFailure(what)

    def ask_tap(self, server: Participant) -> list[dict]:
        """Return how the server's connections stand, in the order in which they came."""
        assert server.tap
        server.connections = None
        with contextlib.suppress(OSError):
            server.tap.sendall(b"0\n")
        self.wait(lambda: server.connections is not None, tr("the server does not answer"))
        return server.connections or []

    def see(self, name: str, text: str) -> str:
        """Wait until the next line on somebody's screen is this one, and return it.

        On the screen of a server it is enough that a line holds the text, and other lines may come before it.
        """
        who, deadline = self.cast.get(name, self.server), time.monotonic() + DEADLINE
        while True:
            while who.unseen:
                line = who.unseen.popleft()
                if line == text or (who.serves and text in line):
                    return line
                if not who.serves:
                    wrong = tr("{name} sees {line!r} where {text!r} should be", name=who.title, line=line, text=text)
                    raise DemoFailure(wrong)
            if who.ended:
                wrong = tr("{name}'s program has ended without {text!r} on its screen", name=who.title, text=text)
                raise DemoFailure(wrong)
            if who.connection and self.events.empty():
                self.receive(who, deadline)
            if not self.pump(deadline - time.monotonic()):
                wrong = tr("{name} does not see {text!r} within {limit:g} s", name=who.title, text=text, limit=DEADLINE)
                raise DemoFailure(wrong)

    def receive(self, who: Participant, deadline: float) -> None:
        """Read one line from a bare socket, and no more: what nobody asks for stays unread."""
        assert who.connection
        data = b""
        while not data.endswith(b"\n"):
            who.connection.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                byte = who.connection.recv(1)
            except OSError as error:
                raise DemoFailure(tr("{name} waits for a line in vain: {error}", name=who.title, error=error)) from None
            if byte == b"":
                raise DemoFailure(tr("the server has closed the connection of {name}", name=who.title))
            data += byte
        self.catch_up(who)
        self.events.put((who, data.decode(errors="replace").rstrip("\r\n")))

    def expect_nothing_more(self) -> None:
        """Raise DemoFailure if a client shows a line that no step has asked for."""
        for who in self.cast.values():
            if who.unseen and not who.serves:
                text = tr("{name} sees {line!r}, which is not for {name} to see", name=who.title, line=who.unseen[0])
                raise DemoFailure(text)

    def expect_end(self, who: Participant) -> None:
        """Wait until somebody's program has ended."""
        if who.process:
            self.wait(lambda: who.ended, tr("{name}'s program does not end", name=who.title))

    def expect_all_ended(self) -> None:
        """Wait until every program has ended; raises DemoFailure for a wrong exit status or a traceback in the log."""
        for who in self.cast.values():
            self.expect_end(who)
            expected = 1 if ("heard", LOST) in who.lines else 0
            if who.process and who.process.returncode != expected:
                status = who.process.returncode
                raise DemoFailure(tr("{name}'s program ended with status {status}", name=who.title, status=status))
            if who.serves and any(line.startswith("Traceback") for _, line in who.lines):
                raise DemoFailure(tr("the server's log shows an exception"))
        self.expect_nothing_more()

    # What the participants do: the verbs of the scripts.

    def join(self, who: Participant, step: Step) -> None:
        self.comers.append(who.name)
        self.run_program(who, self.folder / who.program, self.server.port)

    def connect(self, who: Participant, step: Step) -> None:
        self.comers.append(who.name)
        self.show(who, "note", tr("(connects)"))
        who.connection = socket.socket()
        # A small buffer, so that it is noticed soon when its owner does not read.
        who.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        who.connection.settimeout(DEADLINE)
        try:
            who.connection.connect((HOST, self.server.port))
        except OSError as error:
            raise DemoFailure(tr("{name} cannot connect: {error}", name=who.title, error=error)) from None

    def type(self, who: Participant, step: Step) -> None:
        self.show(who, "typed", step.text)
        who.write(f"{step.text}\n".encode())

    def send(self, who: Participant, step: Step) -> None:
        """Send just these bytes, written with \\n and \\x in them."""
        self.show(who, "typed", step.text)
        who.write(step.text.encode().decode("unicode_escape").encode("latin-1"))

    def look(self, who: Participant, step: Step) -> None:
        """Do nothing: the caption tells what is to be seen."""

    def leave(self, who: Participant, step: Step) -> None:
        self.show(who, "note", tr("(closes)") if who.connection else tr("(Ctrl-D)"))
        who.leave()
        self.expect_end(who)

    def reset(self, who: Participant, step: Step) -> None:
        self.show(who, "note", tr("(vanishes)"))
        assert who.connection
        # To linger for no time at all means RST in place of FIN. The two numbers are shorts on Windows alone.
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        who.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        who.connection.close()

    def stop(self, who: Participant, step: Step | None = None) -> None:
        """Press Ctrl-C in the server's terminal."""
        self.show(who, "typed", "^C")
        assert who.process
        if sys.platform == "win32":
            who.process.send_signal(signal.CTRL_BREAK_EVENT)
            # There accept() does not notice until somebody comes: https://github.com/python/cpython/issues/85609
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                self.pump(until - time.monotonic())
            with contextlib.suppress(OSError):
                socket.create_connection((HOST, who.port), DEADLINE).close()
        else:
            who.process.send_signal(signal.SIGINT)

    # Stages 07 and 08: one who talks all the time, and one who does not read

    def talk_on(self, who: Participant, step: Step) -> None:
        """Begin to type numbered lines, and go on until the connection ends; return when another has heard three."""
        self.begin_to_talk(who)

        def type_on() -> None:
            with contextlib.suppress(DemoFailure):
                for number in itertools.count(1):
                    who.write(f"line {number}\n".encode())
                    self.events.put((who, number))
                    if self.over.wait(0.1):
                        return

        threading.Thread(target=type_on, daemon=True).start()
        listener = self.cast[step.text]
        self.wait(lambda: listener.heard >= 3, tr("{name} hears nothing", name=listener.title))

    def begin_to_talk(self, who: Participant) -> None:
        self.talk = f"client {self.comers.index(who.name) + 1}: line "
        self.show(who, "typed", "line 1 ...")

    def fill(self, who: Participant, step: Step) -> None:
        """Talk until eve's buffers have got as far as the step says."""
        if not self.buffers:
            self.begin_to_talk(who)
            self.buffers = Buffers(self)
        self.buffers.fill(step.text, DEADLINE)

    def wake(self, who: Participant, step: Step) -> None:
        """Read at last all that has come, to the end of the connection."""
        assert who.connection
        who.connection.settimeout(DEADLINE)
        try:
            with who.connection, who.connection.makefile("rb") as lines:
                for line in lines:
                    self.events.put((who, line.decode(errors="replace").rstrip("\n")))
                    while self.pump(0):
                        pass
                    self.rest(time.monotonic() + 0.02)
        except OSError as error:
            raise DemoFailure(tr("{name} waits for a line in vain: {error}", name=who.title, error=error)) from None
        who.connection = None
        self.show(who, "note", tr("(the end of the connection)"))

    # Stage 04: the explorer

    def lose_lock(self, who: Participant, step: Step) -> None:
        self.race.lose_the_lock(who)

    def show_race(self, who: Participant, step: Step) -> None:
        self.race.show(self.cast["ann"], self.cast["bob"])

    def tell_race(self, who: Participant, step: Step) -> None:
        self.race.tell(who)

    def give_lock(self, who: Participant, step: Step) -> None:
        self.race.give_it_back(who)

    # Stage 10: two servers, and a crowd for each

    def serve(self, who: Participant, step: Step) -> None:
        self.run_server(who, self.solutions / step.text, 0)

    def crowd_comes(self, who: Participant, step: Step) -> None:
        self.crowd.comes([who for who in self.cast.values() if who.serves], int(step.text), DEADLINE)

    def crowd_says(self, who: Participant, step: Step) -> None:
        self.crowd.says(*map(int, step.text.split()))

    def crowd_compares(self, who: Participant, step: Step) -> None:
        self.crowd.compare()

    def crowd_leaves(self, who: Participant, step: Step) -> None:
        for server in self.cast.values():
            self.stop(server)
            self.see(server.name, "stopped")
        self.crowd.hears_goodbye()


def printable(text: str) -> str:
    """Return the text as it can be shown in one line: nothing that moves a cursor, and not too much."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if len(clean) <= 300 else f"{clean[:40]}... ({amount(len(clean))})"


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
