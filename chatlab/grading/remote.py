"""The checks' side of a student's process that is shut in: the same fixtures, the server and programs elsewhere."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import psutil

from ..checks.lines import all_that_came
from ..checks.peer import SLICE, Peer
from ..checks.program import Launcher
from ..checks.races import RaceFailed
from ..checks.report import Cause, CheckFailed
from ..checks.server import Server
from ..language import spoken, tr
from . import sandbox

ANSWER = 25.0  # seconds that the process may take for an answer: more than any wait in it
RACE = 60.0
IMPORT = 15.0
LONGEST = 4_000_000  # characters of an answer
KNOWN = ("name", "number", "nickname", "sent", "received", "ending", "said", "heard", "has_ended", "notices")


class Shut:
    """How the programs of one run of the checks are shut in, and the process in which its servers run.

    hidden: folders that the programs must not see. how: one of sandbox.WAYS.
    """

    def __init__(self, hidden: list[Path], how: str) -> None:
        self.hidden, self.how = hidden, how
        self.line: Line | None = None
        sandbox.adopt_orphans()
        if how == "namespaces":
            sandbox.leave_network()
        sandbox.watch_memory()

    def popen(self, arguments: list[str], folder: Path, **more) -> subprocess.Popen:
        command = sandbox.command(arguments, folder, self.hidden, self.how)
        return subprocess.Popen(
            command, cwd=folder, env={**sandbox.INSIDE, "LAB_LANG": spoken()}, start_new_session=True, **more
        )

    def line_to(self, folder: Path, stage: int) -> Line:
        """Return the line to the folder's process, which is started where none is running."""
        if self.line is None:
            self.line = Line(self, folder, stage)
        return self.line

    def end(self) -> None:
        """End every process of the student's: the next check begins with a new one."""
        if self.line:
            self.line.close()
            self.line = None
        sandbox.end_all()


class Line:
    """A process with a host in it, and the line on which it is asked."""

    def __init__(self, shut: Shut, folder: Path, stage: int) -> None:
        ours, theirs = socket.socketpair()
        arguments = [sys.executable, "-c", HOST, str(sandbox.ROOT), str(folder.resolve()), str(stage)]
        silent = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with theirs:
            self.process = shut.popen([*arguments, str(theirs.fileno())], folder, pass_fds=[theirs.fileno()], **silent)
        self.connection, self.rest = ours, b""
        self.lock = threading.Lock()

    def ask(self, method: str, *arguments, peers=(), seconds: float = ANSWER, events=None, descriptors=()):
        """Return the answer. Raises CheckFailed where the answer is a failure, or where none comes in these seconds."""
        question = {"method": method, "arguments": arguments, "peers": [_about(peer, events) for peer in peers]}
        if events is not None:
            question["events"] = events
        with self.lock:
            try:
                self.connection.settimeout(seconds)
                data = json.dumps(question).encode() + b"\n"
                sent = socket.send_fds(self.connection, [data], descriptors)
                self.connection.sendall(data[sent:])
                return _taken_apart(json.loads(self._line()))
            except TimeoutError:
                text = tr("The server's process does not answer: something in it keeps all its threads from running.")
                raise CheckFailed("", Cause("hang", text), [], []) from None
            except (OSError, EOFError):
                raise CheckFailed("", Cause("process-ended", self._why_ended()), [], []) from None
            except (ValueError, TypeError, AttributeError):
                text = tr("The server's process answers nonsense: the program writes where it should not.")
                raise CheckFailed("", Cause("tampered", text), [], []) from None

    def _line(self) -> bytes:
        while b"\n" not in self.rest:
            data = self.connection.recv(1 << 16)
            if not data or len(self.rest) > LONGEST:
                raise EOFError
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def _why_ended(self) -> str:
        try:
            status = self.process.wait(2)
        except subprocess.TimeoutExpired:
            return tr("The server's process has closed the line to the checks: it closes files that are not its own.")
        if status in (-signal.SIGKILL, 128 + signal.SIGKILL):
            return tr("The server's process was ended: it took too much memory or time, or it killed itself.")
        return tr("The whole process ended in the middle of this check: the program calls os._exit, or it crashed.")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()


def _about(peer: Peer, events: list | None) -> dict:
    """Return what is known of a peer; all that it heard only where a cause is looked for."""
    about = {name: getattr(peer, name) for name in KNOWN}
    if events is None:
        about.update(said=[], heard=[])
    buffer = peer.buffer if events is None else all_that_came(peer)
    return {**about, "buffer": buffer.decode("latin-1"), "pouring": len(peer.pouring)}


def _taken_apart(answer: dict):
    """Return the result in an answer. Raises the failure in it; and TypeError or ValueError where it has neither."""
    ((kind, told),) = answer.items()
    if kind == "result":
        return told
    expected, key, text, read, shown = told
    cause, shown = Cause(str(key), str(text)[:2000], str(read)), [str(line)[:200] for line in shown]
    if kind == "race":
        raise RaceFailed(cause, shown, [])
    raise CheckFailed(str(expected), cause, [], shown)


# What the host's process runs: it must find the lab's package whatever lies in its folder.
HOST = "import sys; sys.path.insert(0, sys.argv.pop(1)); from chatlab.grading import host; host.main()"


class RemoteWire:
    """What the checks ask of the wire, which is inside."""

    def __init__(self, server: RemoteServer) -> None:
        self.server = server

    def name(self, address: tuple, name: str) -> None:
        self.server.ask("name", *address, name)

    @property
    def progress(self) -> int:
        return self.server.ask("progress")

    def wait_for(self, condition, seconds: float) -> bool:
        threading.Event().wait(min(seconds, SLICE))
        return condition()


class RemoteServer(Server):
    """A server under test that runs in a process which is shut in."""

    def __init__(self, path: Path, stage: int, shut: Shut) -> None:
        super().__init__(path, stage)
        self.shut = shut
        self.line: Line | None = None
        self.clean = False  # whether all that it started has ended: then its process serves the next check too
        self.wire = RemoteWire(self)

    def ask(self, method: str, *arguments, **more):
        try:
            return self.line.ask(method, *arguments, peers=self.peers, **more)
        except CheckFailed as failed:
            if not failed.transcript:
                failed.transcript = self.transcript.lines()
            raise

    def start(self) -> None:
        if self.line:
            return
        self.line = self.shut.line_to(self.path.parent, self.stage)
        with listening(self.send_buffer) as listener:
            self.at = listener.getsockname()
            with _importing(self.path.name):
                self.ask("start", seconds=IMPORT, descriptors=[listener.fileno()])

    def address(self) -> tuple[str, int]:
        return self.at

    def has_taken(self, peer: Peer) -> None:
        self.ask("has_taken", peer.name)

    def has_noticed(self, peer: Peer) -> None:
        self.ask("has_noticed", peer.name)

    def settles(self, seconds: float = 2.0) -> None:
        self.ask("settles", seconds)

    def gets_stuck_with(self, peer: Peer, seconds: float = 3.0) -> None:
        self.ask("gets_stuck_with", peer.name, seconds)

    def has_threads(self, most: int) -> None:
        self.ask("has_threads", most)

    def threads(self) -> list[str]:
        return self.ask("threads")

    def sends_to(self, peer: Peer) -> int:
        return int(self.ask("sends_to", peer.name))

    def weighs_memory(self) -> None:
        self.ask("weighs_memory")

    def memory_kept(self) -> int:
        return int(self.ask("memory_kept"))

    def is_quiet(self, waiting: Peer) -> bool:
        return self.ask("is_quiet", waiting.name) is True

    def stop_listening(self) -> None:
        if self.line and not self.stopped:
            self.stopped = True
            self.transcript.note("server", tr("its listener is closed"))
            self.ask("stop_listening")

    def must_end(self) -> None:
        if self.line:
            self.ask("must_end")

    def must_end_last(self) -> None:
        self.stopped = True
        self.transcript.note("server", tr("its listener is closed"))
        self.ask("must_end_last")

    def stop(self) -> None:
        for peer in self.peers:
            peer.closes()
        self.stop_listening()
        self.must_end()
        if self.line:
            self.ask("leaves_nothing")
            self.ask("destroy")
            self.clean = True

    def explain(self, peer: Peer, expected: str, got: bytes, ending: str | None, wanted) -> CheckFailed:
        raw = isinstance(wanted, bytes)
        events = [[event.who, event.what] for event in self.transcript.events[-2000:]]
        try:
            self.ask(
                *("explain", peer.name, expected, got.decode("latin-1"), ending),
                *(wanted.decode("latin-1") if raw else wanted, raw),
                events=events,
            )
        except CheckFailed as failed:
            if failed.cause.key not in ("hang", "process-ended", "tampered"):
                failed.transcript = self.transcript.lines()
            return failed
        return CheckFailed(
            expected, Cause("silence", tr("{name} does not hear it.", name=peer.name)), self.transcript.lines(), []
        )

    def failure(self, key: str, text: str) -> CheckFailed:
        return CheckFailed("", Cause(key, text), self.transcript.lines(), self.stands())

    def stands(self) -> list[str]:
        try:
            return [str(line) for line in self.ask("stands", seconds=2)] if self.line else []
        except CheckFailed:  # nothing in there answers any more
            return []

    def destroy(self) -> None:
        for peer in self.peers:
            peer.socket.close()
        if self.line and not self.clean:
            self.shut.end()


@contextmanager
def _importing(file: str):
    try:
        yield
    except CheckFailed as failed:
        if failed.cause.key == "hang":
            text = tr(
                "{file} does not come to an end while it is imported: what it does at the top level never stops.",
                file=file,
            )
            failed.cause = Cause("import-hangs", text)
        raise


def listening(send_buffer: int | None) -> socket.socket:
    """Return a listener on 127.0.0.1 and a port that the system chose."""
    listener = socket.socket()
    if send_buffer:  # accepted connections inherit it
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    return listener


class RemoteLauncher(Launcher):
    """Starts the student's programs shut in."""

    def __init__(self, shut: Shut, stage: int) -> None:
        self.shut, self.stage = shut, stage

    def verify(self, path: Path) -> None:
        with _importing(path.name):
            _ask_once(self.shut, path.parent, self.stage, "load", path.name, seconds=IMPORT)

    def popen(self, path: Path, arguments: list[str], **pipes) -> subprocess.Popen:
        return self.shut.popen([sys.executable, "-u", path.name, *arguments], path.parent, **pipes)

    def pid(self, process: subprocess.Popen) -> int:
        try:
            return sandbox.innermost(process).pid
        except psutil.Error:
            return process.pid

    def kill(self, process: subprocess.Popen) -> None:
        process.kill()
        if self.shut.how != "namespaces":  # with them, nothing outlives it
            self.shut.end()


def race(shut: Shut, folder: Path, stage: int, own: bool, scenario) -> None:
    """Run the scenario on the server of this folder, in a process that is shut in; raises CheckFailed."""
    _ask_once(shut, folder, stage, "race", scenario.__name__, own, seconds=RACE)


def _ask_once(shut: Shut, folder: Path, stage: int, *question, **more) -> None:
    try:
        shut.line_to(folder, stage).ask(*question, **more)
    except CheckFailed:
        shut.end()
        raise
