"""What runs inside: the student's server beside the harness's notes of it, asked line by line by the checks outside.

Each question is a line of JSON with a method, its arguments, and what the checks know of their peers; each answer is
one with a result, or with a failure. Whatever is answered here is evidence for a cause, or that nothing is left behind;
what a client hears is judged outside. A student's code could forge the answers, and would gain no more than that.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from ..checks import causes
from ..checks.races import RaceFailed, race_of
from ..checks.report import CheckFailed, Event
from ..checks.server import Server
from ..checks.wire import Listener
from ..checks.work import load_function
from ..language import spoken, tr

# Two threads that take a number without a lock, and so can be shown to get the same: what the explorer must find.
KNOWN_RACE = """
import threading

count = 0


def serve(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=handle, args=(connection,)).start()


def handle(connection):
    global count
    number = count + 1
    count = number
    with connection:
        connection.sendall(b"you are client %d\\n" % number)
        while connection.recv(4096):
            pass
"""


class Host:
    """Answers for one server.py, or for the files of one folder."""

    def __init__(self, folder: Path, stage: int) -> None:
        self.folder, self.stage = folder, stage
        self.descriptors: list[int] = []  # that came with the last question
        self.server: Server | None = None

    def answer(self, question: dict) -> dict:
        try:
            if self.server:
                self.learn(question)
            return {"result": getattr(self, "do_" + question["method"])(*question["arguments"])}
        except RaceFailed as failed:
            return {"race": ["", *_told(failed.cause), failed.timeline]}
        except CheckFailed as failed:
            return {"failed": [failed.expected, *_told(failed.cause), failed.threads]}

    def learn(self, question: dict) -> None:
        """Take in what the checks know of their peers."""
        self.server.peers = []
        for about in question["peers"]:
            peer = SimpleNamespace(**about, socket=None, server=self.server, transcript=self.server.transcript)
            peer.buffer = peer.buffer.encode("latin-1")
            peer.pouring = [None] * peer.pouring
            self.server.peers.append(peer)
        if "events" in question:
            self.server.transcript.events = [Event(*event) for event in question["events"]]

    def peer(self, name: str) -> SimpleNamespace:
        return next(peer for peer in self.server.peers if peer.name == name)

    def do_start(self) -> None:
        (descriptor,) = self.descriptors
        self.server = Server(self.folder / "server.py", self.stage)
        self.server.make_listener = lambda: Listener(self.server.wire, fileno=descriptor)
        try:
            self.server.start()
        except CheckFailed:
            os.close(descriptor)
            raise

    def do_destroy(self) -> None:
        self.server.peers = []
        self.server.destroy()
        self.server = None

    def do_load(self, file: str) -> None:
        load_function(self.folder / file)

    def do_name(self, host: str, port: int, name: str) -> None:
        self.server.wire.name((host, port), name)

    def do_progress(self) -> int:
        return self.server.wire.progress

    def do_is_quiet(self, name: str) -> bool:
        return self.server.is_quiet(self.peer(name))

    def do_has_taken(self, name: str) -> None:
        self.server.has_taken(self.peer(name))

    def do_has_noticed(self, name: str) -> None:
        self.server.has_noticed(self.peer(name))

    def do_settles(self, seconds: float) -> None:
        self.server.settles(seconds)

    def do_gets_stuck_with(self, name: str, seconds: float) -> None:
        self.server.gets_stuck_with(self.peer(name), seconds)

    def do_has_threads(self, most: int) -> None:
        self.server.has_threads(most)

    def do_sends_to(self, name: str) -> int:
        return self.server.sends_to(self.peer(name))

    def do_weighs_memory(self) -> None:
        self.server.weighs_memory()

    def do_memory_kept(self) -> int:
        return self.server.memory_kept()

    def do_threads(self) -> list[str]:
        return [thread.name for thread in self.server.threads()]

    def do_stands(self) -> list[str]:
        return self.server.stands()

    def do_stop_listening(self) -> None:
        self.server.stop_listening()

    def do_must_end(self) -> None:
        self.server.must_end()

    def do_must_end_last(self) -> None:
        self.server.must_end_last()

    def do_leaves_nothing(self) -> None:
        if failure := causes.descriptors_left(self.server):
            raise failure

    def do_explain(self, name: str, expected: str, got: str, ending: str | None, wanted: str | None, raw: bool) -> None:
        as_bytes = wanted.encode("latin-1") if raw and wanted is not None else wanted
        raise causes.failure(self.peer(name), expected, got.encode("latin-1"), ending, as_bytes)

    def do_race(self, scenario: str, own: bool) -> None:
        from ..explorer import scenarios, simulate

        race_of(self.folder, self.stage, own, getattr(scenarios, scenario))
        with tempfile.TemporaryDirectory() as folder:
            known = Path(folder) / "server.py"
            known.write_text(KNOWN_RACE, encoding="utf-8")
            if simulate(known, scenarios.two_join_at_once, delays=1, stage=4).holds:
                text = tr(
                    "The explorer no longer finds a race that is there: the program has changed the checks themselves."
                )
                raise CheckFailed("", causes.Cause("tampered", text), [], [])


def _told(cause: causes.Cause) -> list[str]:
    return [cause.key, cause.text, cause.read]


def main() -> None:
    spoken()  # reads the catalogue now: the student's program may leave no file descriptor for it
    folder, stage, line = Path(sys.argv[1]), *map(int, sys.argv[2:4])
    host = Host(folder, stage)
    rest = b""
    with socket.socket(fileno=line) as connection:
        while True:
            while b"\n" not in rest:
                data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 4)
                if not data:
                    os._exit(0)  # whatever the student's threads are at
                host.descriptors = descriptors or host.descriptors
                rest += data
            question, rest = rest.split(b"\n", 1)
            try:
                answer = host.answer(json.loads(question))
            except BaseException as error:  # what a student's module does to the harness's own is its affair
                text = tr("The server's process failed with {name}: {error}", name=type(error).__name__, error=error)
                answer = {"failed": ["", "check-error", text, "", []]}
            connection.sendall(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
