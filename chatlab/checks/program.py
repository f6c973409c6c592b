"""A student's program as a real process: pipes for keyboard and screen, deadlines for everything."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..language import tr
from .causes import todo
from .peer import DEADLINE, SLICE, STILL, Peer
from .report import Cause, CheckFailed, Transcript, quote
from .work import load_function


class Launcher:
    """Starts a program as a process: here as the student would."""

    def verify(self, path: Path) -> None:
        """Import the file, to tell best what is wrong with it; raises CheckFailed."""
        load_function(path)

    def popen(self, path: Path, arguments: list[str], **pipes) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(
            [sys.executable, "-u", path.name, *arguments], cwd=path.parent, env=environment, **pipes
        )

    def pid(self, process: subprocess.Popen) -> int:
        """Return the number of the process that runs the program itself."""
        return process.pid

    def kill(self, process: subprocess.Popen) -> None:
        process.kill()


class Program:
    """`python server.py ...` or `python client.py ...`, run in its own folder."""

    MOST = 8_000_000  # characters that are kept of what it shows

    def __init__(
        self, path: Path, *arguments: str, transcript: Transcript | None = None, launcher: Launcher | None = None
    ) -> None:
        self.launcher = launcher or Launcher()
        self.launcher.verify(path)
        self.path = path
        self.name = path.stem
        self.transcript = transcript or Transcript()
        self.changed = threading.Condition()
        self.output = {"stdout": "", "stderr": ""}
        self.too_much = False  # whether it has shown more than MOST, and was ended
        self.peer: Peer | None = None  # the test's own end of its connection
        self.shown = 0  # characters of stdout that a check has already looked at
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.process = self.launcher.popen(path, list(arguments), **pipes)
        self.transcript.note(self.name, tr("starts: python {name} {names}", name=path.name, names=" ".join(arguments)))
        self.readers = [
            threading.Thread(target=self._read, args=(name,), name=f"reads {name}", daemon=True) for name in self.output
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, name: str) -> None:
        pipe = getattr(self.process, name)
        while data := os.read(pipe.fileno(), 65536):
            text = data.decode(errors="replace").replace("\r\n", "\n")
            self.transcript.note(self.name, tr("shows {what}", what=quote(text.encode())))
            with self.changed:
                self.output[name] += text
                self.too_much = self.too_much or len(self.output[name]) > self.MOST
                self.changed.notify_all()
            if self.too_much:  # it would go on for as long as it is read
                self.launcher.kill(self.process)
                break
        with self.changed:
            self.changed.notify_all()

    # What a person does

    def types(self, *lines: str) -> None:
        for line in lines:
            self.transcript.note(self.name, tr("is given {value} to send", value=quote(line.encode())))
            try:
                self.process.stdin.write(line.encode() + b"\n")
                self.process.stdin.flush()
            except OSError:
                raise self.failure(
                    "ended", tr("{name} has ended and takes no more from the keyboard.", name=self.path.name)
                ) from None

    def ends_typing(self) -> None:
        """Press Ctrl-D: the keyboard has ended."""
        self.transcript.note(self.name, tr("its keyboard ends (Ctrl-D)"))
        self.process.stdin.close()

    def interrupts(self) -> None:
        """Press Ctrl-C, when the program has come to rest.

        A signal that comes between two steps of the main thread, just before it waits in accept, is noticed only when
        accept returns: that is Python's own affair, and no fault of the student's.
        """
        self._comes_to_rest()
        self.transcript.note(self.name, "Ctrl-C")
        os.kill(self.launcher.pid(self.process), signal.SIGINT)

    def _comes_to_rest(self) -> None:
        """Wait until the main thread has slept for a while; Linux tells, elsewhere this waits a moment."""
        deadline = time.monotonic() + DEADLINE
        before = None
        while time.monotonic() < deadline and self.process.poll() is None:
            now = self._activity()
            if now is None:
                threading.Event().wait(0.3)
                return
            if now == before:
                return
            before = now
            threading.Event().wait(0.1)

    def _activity(self) -> list[str] | None:
        """Return what stays the same while all the threads sleep; None where the system does not tell.

        Linux counts for each thread how often it was given the processor and gave it up (proc(5), status).
        """
        found = []
        try:
            for status in sorted(Path(f"/proc/{self.launcher.pid(self.process)}/task").glob("*/status")):
                lines = status.read_text().splitlines()
                found += [line for line in lines if line.startswith(("State", "Pid", "voluntary", "nonvoluntary"))]
        except OSError:
            return None
        if any(line.startswith("State") and "S (sleeping)" not in line for line in found):
            found.append(str(time.monotonic()))  # it runs: never the same
        return found or None

    def _wait_for(self, condition: Callable[[], bool], seconds: float) -> str:
        """Wait until the condition holds; returns "" where it does, else "still" (it waits for ever) or "late".

        Where the system tells that every thread has slept for STILL seconds, nothing more is waited for.
        """
        deadline = time.monotonic() + seconds
        activity, since = None, time.monotonic()
        with self.changed:
            while not self.changed.wait_for(condition, 2 * SLICE):
                now = time.monotonic()
                if (current := self._activity()) is None or current != activity:
                    activity, since = current, now
                elif now - since > STILL:
                    return "still"
                if now > deadline:
                    return "late"
        return ""

    # What must come of it

    def shows(self, text: str, seconds: float = DEADLINE) -> None:
        """The text appears on the screen, after what was looked at before."""

        def look() -> bool:
            place = self.output["stdout"].find(text, self.shown)
            if place >= 0:
                self.shown = place + len(text)
            return place >= 0 or not any(reader.is_alive() for reader in self.readers)

        before = self.shown
        self._wait_for(look, seconds)
        with self.changed:
            if self.shown > before:
                return
            fresh = self.output["stdout"][before:]
        raise self.failure("not-shown", self._why_not_shown(text, fresh))

    def _why_not_shown(self, text: str, fresh: str) -> str:
        """Return why the text is not on the screen, as far as can be seen from outside; fresh: what came instead."""
        told = {"name": self.path.name, "text": quote(text.encode()), "fresh": quote(fresh.encode())}
        if fresh and text.startswith(fresh.rstrip("\n")) and "\n" not in fresh.rstrip("\n"):
            return tr(
                "{name} shows only the beginning of {text}: {fresh}. What was sent may come in pieces, and recv "
                "returns what is there: receive on until all has come.",
                **told,
            )
        if fresh and fresh.replace("\n", "") == text.replace("\n", ""):
            return tr(
                "{name} shows {text} in pieces: {fresh}. What recv returns is a piece, and no line: put the pieces "
                "together up to the newline.",
                **told,
            )
        if self.process.stdin.closed and self.has_ended(0.5):
            return tr(
                "{name} has ended with the keyboard, and never shows {text}, which the server has still sent: say "
                "goodbye with shutdown(SHUT_WR), and receive on until the server ends the connection.",
                **told,
            )
        if not fresh and self.peer and self._unread(self.peer.socket):
            return tr(
                "{name} does not show {text}: it lies in its socket, and nobody calls recv, since the program waits "
                "for the keyboard first.",
                **told,
            )
        if fresh:
            return tr("{name} does not show {text}. It shows {fresh}.", **told)
        return tr("{name} does not show {text}. It shows nothing.", **told)

    def starts(self) -> bool:
        """Wait until the server says that it listens, or ends; returns whether it listens."""
        with self.changed:
            listens = lambda: "listening on " in self.output["stdout"]
            self.changed.wait_for(lambda: listens() or not any(reader.is_alive() for reader in self.readers), DEADLINE)
            return listens()

    def listening(self) -> tuple[str, int]:
        """Return the address that the server says it listens on."""
        self.shows("listening on ")
        line = re.compile(r"(\S+):(\d+)")
        with self.changed:
            self.changed.wait_for(
                lambda: line.match(self.output["stdout"], self.shown) and "\n" in self.output["stdout"], DEADLINE
            )
            match = line.match(self.output["stdout"], self.shown)
        if not match:
            text = tr("server.py does not say `listening on HOST:PORT` when it is ready.")
            raise self.failure("not-shown", text)
        return match[1], int(match[2])

    def ends(self, status: int, sentence: bool = False) -> None:
        """The program ends by itself with this exit status; sentence: and tells why in one line on stderr."""
        if why := self._wait_for(lambda: self.process.poll() is not None, DEADLINE):
            raise self.failure("does-not-end", self._why_it_goes_on(waits=why == "still"))
        got = self.process.returncode
        for reader in self.readers:
            reader.join(DEADLINE)
        if "Traceback" in self.output["stderr"]:
            raise self.failure("traceback", "")
        if got != status:
            raise self.failure(
                "wrong-status",
                tr("{name} ends with exit status {got}, not {status}.", name=self.path.name, got=got, status=status),
            )
        lines = self.output["stderr"].strip().splitlines()
        if sentence and len(lines) != 1:
            what = "nothing" if not lines else f"{len(lines)} lines"
            raise self.failure(
                "no-sentence",
                tr("{name} should say in one sentence what is wrong; it says {what}.", name=self.path.name, what=what),
            )

    def _why_it_goes_on(self, waits: bool) -> str:
        name = self.path.name
        if self.peer and self.peer.has_ended and waits:
            return tr(
                "The server has ended the connection, and {name} waits for ever, as for the keyboard: the thread that "
                "receives must end the whole program.",
                name=name,
            )
        if self.peer and self.peer.has_ended:
            return tr(
                'The server has ended the connection, and {name} runs on for ever: b"" from recv, or an OSError, is '
                "the end; leave the loop.",
                name=name,
            )
        if waits:
            return tr("{name} waits for ever; it should end by itself.", name=name)
        return tr("{name} goes on for ever; it should end by itself.", name=name)

    def _unread(self, other_end: socket.socket) -> bool:
        """Whether bytes sent to the program lie unread in its socket; False where the system does not tell."""
        try:
            return any(_waiting_bytes(other_end))
        except OSError:
            return False

    def has_read(self, other_end: socket.socket) -> None:
        """Wait until the program has received what was sent to it, so that what is sent next comes by itself.

        Linux tells in /proc/net/tcp how many bytes wait unread in a socket; elsewhere this waits a moment.
        """
        try:
            other_end.getpeername()
        except OSError:  # the program has ended its connection already
            return
        deadline = time.monotonic() + 1  # one that has stopped to read is told of later, by what it does not show
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if not any(_waiting_bytes(other_end)):
                    return
            except OSError:
                threading.Event().wait(0.2)
                return
            threading.Event().wait(0.01)

    def failure(self, key: str, text: str) -> CheckFailed:
        """Return the failure; an exception that the program shows is its cause."""
        self.has_ended(0.5)
        if self.too_much:
            told = tr(
                "{name} shows more than {most:,} characters, and was ended: it prints in a loop.",
                name=self.path.name,
                most=self.MOST,
            )
            return CheckFailed(text, Cause("too-much-output", told), self.transcript.lines(), [])
        stderr = self.output["stderr"]
        if match := re.search(r"^NotImplementedError: (stage \d+, TODO \d+)", stderr, re.M):
            return CheckFailed("", todo(match[1], self.path.parent), [], [])
        if "Traceback" in stderr:
            lines = stderr.strip().splitlines()
            own = [i for i, line in enumerate(lines) if f'{self.path.name}", line' in line]
            place = [lines[i].strip() + ": " + lines[i + 1].strip() for i in own[-1:] if i + 1 < len(lines)]
            place = [re.sub(r'File ".*[/\\]', 'File "', line) for line in place]
            told = tr("{name} ends with a traceback: {lines}\n", name=self.path.name, lines=lines[-1]) + _indent(place)
            told += self._advice(lines[-1])
            return CheckFailed(text, Cause("traceback", told), self.transcript.lines(), [])
        return CheckFailed("", Cause(key, text), self.transcript.lines(), [])

    def _advice(self, error: str) -> str:
        """Return a sentence about an exception that beginners do not expect; error: the traceback's last line."""
        if error.startswith("UnicodeDecodeError"):
            return tr("\nA piece may end in the middle of a letter: decode whole lines.")
        if error.startswith("KeyboardInterrupt"):
            return tr("\nCtrl-C raises KeyboardInterrupt in the main thread: catch it there, and end.")
        if error.startswith(("ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError")):
            return tr("\nThe server may be missing, or go at any moment: say so in one sentence, with exit status 1.")
        return ""

    def has_ended(self, seconds: float) -> bool:
        """Wait a moment for a program that is ending, so that its last words are known."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        for reader in self.readers:
            reader.join(DEADLINE)
        return True

    def destroy(self) -> None:
        """End the process, whatever state it is in."""
        if self.process.poll() is None:
            self.launcher.kill(self.process)
        self.process.wait()
        for reader in self.readers:
            reader.join(DEADLINE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except OSError:
                pass


def _waiting_bytes(other_end: socket.socket) -> list[int]:
    """Return how many bytes lie unread at the other end of a connection; raises OSError where the system hides that.

    Linux lists every socket in /proc/net/tcp (proc(5)).
    """
    ends = [_as_in_proc(address) for address in (other_end.getpeername(), other_end.getsockname())]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[4].split(":")[1], 16) for row in rows if row[1:3] == ends]


def _as_in_proc(address: tuple[str, int]) -> str:
    """Return an address as /proc/net/tcp writes it: the host's bytes in the machine's order, in hexadecimal."""
    (host,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{host:08X}:{address[1]:04X}"


def _indent(lines: list[str]) -> str:
    return "\n".join("  " + line.strip() for line in lines)


class Programs:
    """Starts the programs of one stage's folder, and ends them all."""

    def __init__(self, folder: Path, stage: int, launcher: Launcher | None = None) -> None:
        self.folder, self.stage, self.launcher = folder, stage, launcher
        self.transcript = Transcript()
        self.programs: list[Program] = []
        self.sockets: list[socket.socket] = []

    def server(self, *arguments: str) -> Program:
        return self._start("server.py", *arguments)

    def client(self, *arguments: str) -> Program:
        return self._start("client.py", *arguments)

    def _start(self, file: str, *arguments: str) -> Program:
        program = Program(self.folder / file, *arguments, transcript=self.transcript, launcher=self.launcher)
        self.programs.append(program)
        return program

    def peer(self, name: str, address: tuple[str, int]) -> Peer:
        """Return a peer that is connected to a server program."""
        connection = socket.create_connection(address, DEADLINE)
        self.sockets.append(connection)
        return self._watched(Peer(name, connection, self.transcript), self.programs[-1])

    def listen(self) -> socket.socket:
        """Return a listener on 127.0.0.1 and a port that the system chose."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.sockets.append(listener)
        return listener

    def connected_client(self) -> tuple[Program, Peer]:
        """Return client.py, connected, and the test's own end of its connection; it is greeted from stage 04 on."""
        listener = self.listen()
        client = self.client("127.0.0.1", str(listener.getsockname()[1]))
        listener.settimeout(SLICE)
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                connection, _ = listener.accept()
                break
            except TimeoutError:
                if client.process.poll() is not None or time.monotonic() > deadline:
                    raise client.failure("not-connected", tr("client.py does not connect to HOST and PORT.")) from None
        self.sockets.append(connection)
        peer = self._watched(Peer("server", connection, self.transcript), client)
        if self.stage >= 4:
            peer.says("you are client 1")
            client.shows("you are client 1\n")
        return client, peer

    def _watched(self, peer: Peer, program: Program) -> Peer:
        """Let the program's own last words tell why the peer does not hear what it should."""
        peer.program, program.peer = program, peer
        return peer

    def destroy(self) -> None:
        for program in self.programs:
            program.destroy()
        for opened in self.sockets:
            opened.close()
