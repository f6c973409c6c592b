"""Stage 10: two crowds say the same to two servers, of stage 09 and of stage 10; who calls send how often?"""

from __future__ import annotations

import selectors
import socket
import time
from typing import TYPE_CHECKING

from ..language import amount, tr
from .participant import HOST, DemoFailure, Participant
from .screen import Gauge

if TYPE_CHECKING:
    from .play import Play

SIZE = 10  # clients of each server
FEWER = 4  # times fewer calls of send that stage 10 must do with
MANY = 100  # deliveries in one call of send: the end of the scale
TEXT = " is what I have to say"


class Guest:
    """One of a crowd: a bare socket, and what it has heard."""

    def __init__(self, server: Participant) -> None:
        self.server = server
        self.connection = socket.create_connection((HOST, server.port), timeout=10)
        self.rest = b""
        self.welcome = ""
        self.heard: dict[str, int] = {}  # lines of each of the others: they are numbered
        self.last = ""  # the last line
        self.gone = False

    def reads(self) -> None:
        """Take in what has come; raises DemoFailure where a line is missing or comes twice."""
        try:
            data = self.connection.recv(65536)
        except OSError:
            data = b""
        self.gone = not data
        *lines, self.rest = (self.rest + data).split(b"\n")
        for self.last in (line.decode(errors="replace") for line in lines):
            name, _, said = self.last.partition(": ")
            if not said:  # a greeting or a notice
                self.welcome = self.welcome or self.last
            elif said != f"{self.heard.get(name, 0) + 1}{TEXT}":
                last = self.heard.get(name, 0)
                raise DemoFailure(tr("a client hears {line!r} after line {last}", line=self.last, last=last))
            else:
                self.heard[name] = self.heard.get(name, 0) + 1


class Crowd:
    """The guests of both servers; all of them are read by the thread that plays."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.guests: dict[str, list[Guest]] = {}
        self.selector = selectors.DefaultSelector()
        self.before: dict[str, int] = {}  # calls of send before anybody has said anything
        self.lines = 0  # that were said to each server
        self.said: list[int] = []  # by each guest
        self.deadline = 0.0
        self.most = 1  # deliveries

    def comes(self, servers: list[Participant], most: int, deadline: float) -> None:
        """Let the crowds join. most: lines that will be said to each. deadline: seconds for all that they wait for."""
        self.deadline = deadline
        self.most = most * (SIZE - 1)
        self.said = [0] * SIZE
        for server in servers:
            guests = self.guests[server.name] = []
            for _ in range(SIZE):
                guest = Guest(server)
                guests.append(guest)
                self.selector.register(guest.connection, selectors.EVENT_READ, guest)
                self.read_until(lambda: bool(guest.welcome))
            last = guests[-1].welcome.removeprefix("you are ")
            self.read_until(lambda: all(guest.last == f"{last} joined" for guest in guests[:-1]))
            self.before[server.name] = self.calls(server)
        self.look()

    def says(self, talkers: int, lines: int, rounds: int) -> None:
        """Let so many guests of each crowd say so many lines at a time, in one piece; and again, round by round."""
        for _ in range(rounds):
            began = time.monotonic()
            for talker in range(talkers):
                numbers = range(self.said[talker] + 1, self.said[talker] + lines + 1)
                piece = "".join(f"{number}{TEXT}\n" for number in numbers).encode()
                for guests in self.guests.values():
                    guests[talker].connection.sendall(piece)
                self.said[talker] += lines
            self.lines += talkers * lines
            self.read_until(self.all_heard)
            self.look()
            self.play.rest(began + 0.15)
        self.look(tell=True)

    def all_heard(self) -> bool:
        """Whether each guest has heard all that the others of its crowd have said."""
        return all(
            sum(guest.heard.values()) == self.lines - said
            for guests in self.guests.values()
            for guest, said in zip(guests, self.said)
        )

    def read_until(self, condition) -> None:
        end = time.monotonic() + self.deadline
        while not condition():
            for key, _ in self.selector.select(0.05):
                key.data.reads()
                if key.data.gone:
                    self.selector.unregister(key.fileobj)
            if time.monotonic() > end:
                raise DemoFailure(tr("the crowd does not hear what was said"))

    def calls(self, server: Participant) -> int:
        """Return how often the server has called send."""
        return sum(side["sends"] for side in self.play.ask_tap(server))

    def look(self, tell: bool = False) -> None:
        """Show how much each server has delivered, and with how many calls of send. tell: in a log, too."""
        deliveries = self.lines * (SIZE - 1)
        for name in self.guests:
            server = self.play.cast[name]
            calls = self.calls(server) - self.before[name]
            each = deliveries / max(calls, 1)
            self.play.measure(
                server,
                Gauge(tr("lines said"), amount(self.lines), self.lines / self.most),
                Gauge(tr("deliveries"), amount(deliveries), deliveries / self.most),
                Gauge(tr("calls of send"), amount(calls), calls / self.most),
                Gauge(tr("deliveries in one call"), f"{each:.1f}", each / MANY),
                tell=tell,
            )

    def compare(self) -> None:
        """Raise DemoFailure unless the second server has got by with a fraction of the calls."""
        first, second = (self.calls(self.play.cast[name]) - self.before[name] for name in self.guests)
        if second * FEWER > first:
            text = tr("stage 10 has called send {second} times, stage 09 {first} times", first=first, second=second)
            raise DemoFailure(text)

    def hears_goodbye(self) -> None:
        """Let everyone hear goodbye, and the end."""
        everyone = [guest for guests in self.guests.values() for guest in guests]
        self.read_until(lambda: all(guest.gone for guest in everyone))
        if deaf := sum(guest.last != "goodbye" for guest in everyone):
            raise DemoFailure(tr("{number} of the crowd do not hear goodbye", number=deaf))

    def close(self) -> None:
        for guests in self.guests.values():
            for guest in guests:
                guest.connection.close()
        self.selector.close()
