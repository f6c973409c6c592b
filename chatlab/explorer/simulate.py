"""A whole server under every schedule: its `serve` on a simulated listener, with clients that follow a scenario.

A scenario is a function that gets the Chat. What it does before `chat.at_once` happens in one fixed order; the actions
given to at_once run in threads of their own, and from there until everybody has come to rest the search varies the
schedule; what comes after looks at the outcome.
"""

from __future__ import annotations

import socket as real
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..language import tr
from . import network, scheduler
from .load import Program
from .scheduler import DONE, WAITING, Refused, Run
from .search import Verdict, search

PORT = 9000
PATIENCE = 10.0  # virtual seconds that a scripted client waits for what must come
REST = 5.0  # virtual seconds after which a server that only polls is taken to be at rest
END = 30.0  # virtual seconds that the server may take to end


class Wrong(AssertionError):
    """What the scenario demands does not hold. key: names the cause, as in chatlab.checks."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


class Peer:
    """A simulated client. Its methods are those of a person at a terminal; each is a step that the schedule places."""

    def __init__(self, chat: Chat, name: str, room: int | None = None) -> None:
        self.chat, self.name, self.room = chat, name, room
        self.connection: Any = None
        self.number = 0
        self.buffer = b""
        self.heard: list[str] = []
        self.ending = ""  # "eof" or "reset", once the server has ended the connection

    def connects(self) -> None:
        """Raises ConnectionRefusedError where the listener is closed."""
        self.connection = network.socket()
        self.connection.who_i_am = self.name
        self.connection.room = self.room
        self.connection.settimeout(PATIENCE)
        self.connection.connect(("127.0.0.1", PORT))

    def joins(self) -> None:
        """Connect, and hear the own number."""
        self.connects()
        line = self.hears_line("you are client N")
        number = line.removeprefix("you are client ")
        if number == line or not number.isdecimal():
            raise Wrong("wrong-line", tr('{name} hears {line!r} before "you are client N"', name=self.name, line=line))
        self.number = int(number)

    def says(self, *lines: str) -> None:
        for line in lines:
            try:
                self.connection.sendall(line.encode() + b"\n")
            except OSError:  # the server has ended the connection: what was heard tells the story
                return

    def says_goodbye(self) -> None:
        self.connection.shutdown(real.SHUT_WR)

    def resets(self) -> None:
        self.connection.reset()

    def hears_line(self, wanted: str = "") -> str:
        """Return the next line; fails where none comes. wanted: for the words of that failure."""
        wanted = wanted or tr("a line")
        while b"\n" not in self.buffer:
            if not self._more():
                if self.ending:
                    raise Wrong(
                        "closed-early",
                        tr(
                            "{name} waits for {wanted}, and the server ends the connection",
                            name=self.name,
                            wanted=wanted,
                        ),
                    )
                self.chat.nothing_comes(self, wanted)
        line, _, self.buffer = self.buffer.partition(b"\n")
        self.heard.append(line.decode(errors="replace"))
        return self.heard[-1]

    def hears_until(self, wanted: str) -> None:
        while self.hears_line(wanted) != wanted:
            pass

    def hears_rest(self) -> list[str]:
        """Return what has come and has not been looked at: for when everybody is at rest; half a line comes last."""
        incoming = self.connection._incoming
        while incoming.data or (incoming.ended or incoming.reset) and not self.ending:
            if not self._more():
                break
        *lines, rest = self.buffer.split(b"\n")
        self.buffer = b""
        texts = [line.decode(errors="replace") for line in lines + ([rest] if rest else [])]
        self.heard += texts
        return texts

    def asks_who(self) -> list[str]:
        """Return who is here, as the answer to /who tells."""
        self.says("/who")
        while not (line := self.hears_line(tr("the answer to /who"))).startswith("here:"):
            pass
        return line.removeprefix("here:").strip().split(", ")

    def _more(self) -> bool:
        try:
            data = self.connection.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            self.ending = "reset"
            return False
        self.ending = "" if data else "eof"
        self.buffer += data
        return bool(data)

    def closes(self) -> None:
        if self.connection is not None and not self.connection._closed:
            self.connection.close()


class Chat:
    """What a scenario works with: the simulated clients, and the moment at which the race begins."""

    def __init__(self, run: Run, listener: Any, stage: int) -> None:
        self.run, self.listener, self.stage = run, listener, stage
        self.peers: list[Peer] = []

    def peer(self, name: str, room: int | None = None) -> Peer:
        """Return a client that is not connected yet. room: bytes that its receive buffer takes."""
        peer = Peer(self, name, room)
        self.peers.append(peer)
        return peer

    def joined(self, *names: str, room: int | None = None) -> list[Peer]:
        """Return clients that have joined, one after another."""
        peers = [self.peer(name, room) for name in names]
        for peer in peers:
            peer.joins()
        self.rests()
        for peer in peers:
            peer.hears_rest()
        return peers

    def rests(self) -> None:
        """Wait until nobody can go on."""
        self.run.block(tr("everybody to come to rest"), None, REST, idle=True)

    def at_once(self, cuts: bool = False, **actions: Callable[[], Any]) -> None:
        """The race: each action in a thread of its own, named as it is given; then wait until all are at rest.

        cuts: recv may return less than there is; where is part of the schedule.
        """
        run = self.run
        network.network().cuts = cuts
        run.vary(True)
        tasks = [run.spawn(action, name, must_end=True) for name, action in actions.items()]
        run.block(tr("the clients to be done"), lambda: all(task.state is DONE for task in tasks))
        self.rests()
        run.vary(False)
        network.network().cuts = False

    def stops(self) -> None:
        """Close the listener: the server is to end."""
        if not self.listener._closed:
            self.listener.shutdown(real.SHUT_RDWR)
            self.listener.close()

    def must(self, condition: Any, key: str, text: str) -> None:
        if not condition:
            raise Wrong(key, text)

    def nothing_comes(self, peer: Peer, wanted: str) -> None:
        """Fail: the peer waits, and nobody can go on."""
        run = self.run
        locked = [task for task in run.tasks if task.state is WAITING and getattr(task.waits_on, "owner", None)]
        if locked:
            raise_kind, text = run.why_waiting(locked[0])
            run.fail(raise_kind, text, locked[0], run._line_of(locked[0]))
            raise scheduler.Abort
        raise Wrong("silence", tr("{name} waits for {wanted}, and nothing comes", name=peer.name, wanted=wanted))

    def ends(self) -> None:
        """Everybody leaves and the listener closes: the server's threads must all end."""
        run = self.run
        for peer in self.peers:
            peer.closes()
        self.stops()
        me = run.current
        others = lambda: [task for task in run.tasks if task is not me and task.state is not DONE]
        if not run.block(tr("the server to end"), lambda: not others(), END, idle=True) and others():
            kind, text = run.why_waiting(others()[0])
            run.fail(kind, tr("When all have left and the listener is closed, ") + text, others()[0])


def simulate(
    path: Path | str | Program,
    scenario: Callable[[Chat], Any],
    delays: int = 2,
    pct: int = 100,
    stage: int = 9,
    most: int = 3_000,
    origin: dict | None = None,
    **options: Any,
) -> Verdict:
    """Run the server's `serve` with the scenario's clients under every schedule with at most so many delays.

    pct: further schedules with random priorities. stage: which stage's contract the scenario may rely on. most:
    schedules. Timed waits end only when nobody else can go on: a server's patience is not what is tested here.

    Raises Refused where the program does something that cannot be controlled, or has no serve.
    """
    program = path if isinstance(path, Program) else Program(path)
    origin = {"what": "simulate", "path": program.path, "scenario": scenario.__name__, "stage": stage, **(origin or {})}
    options = {"early_timeouts": False, **options}
    prepare = preparation(scenario, stage)
    return search(program, prepare, delays, delays=True, pct=pct, most=most, origin=origin, **options)


def preparation(scenario: Callable[[Chat], Any], stage: int) -> Callable[[Run, dict], None]:
    """Return what sets a run up: the listener, the server's thread, and the scenario's."""

    def prepare(run: Run, namespace: dict) -> None:
        serve = namespace.get("serve")
        if not callable(serve):
            raise Refused(tr("{name} has no function serve(listener).", name=Path(run.program.path).name))
        listener = network.create_server(("127.0.0.1", PORT))
        chat = Chat(run, listener, stage)
        run.varied, run.events = False, None

        def direct() -> None:
            try:
                scenario(chat)
                chat.ends()
            except Wrong as wrong:
                run.key = wrong.key
                run.fail("check", str(wrong))

        run.spawn(lambda: serve(listener), "serve")
        run.spawn(direct, "scenario")

    return prepare
