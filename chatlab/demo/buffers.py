"""Stage 07: where the lines wait that eve does not read, in the system's buffers and then in her outbox."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from typing import TYPE_CHECKING

from ..language import tr
from .participant import HOST, DemoFailure
from .screen import Gauge

if TYPE_CHECKING:
    from .play import Play

SEND_BUFFER = 32768  # bytes that the server asks for, so that a slow reader is noticed soon
MOST = 50_000  # lines that are said
RECEIVE_BUFFER = 4096  # bytes that a bare socket asks for


class Buffers:
    """How far eve's buffers are, told by the server's own tap and shown as gauges in its panel."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.ann, self.bob, self.eve = (play.cast[name] for name in ("ann", "bob", "eve"))
        self.number = play.comers.index("eve")
        source = (play.folder / "server.py").read_text(encoding="utf-8")
        self.bound, self.patience = (
            float(re.search(rf"^{name} = ([\d.]+)", source, re.MULTILINE)[1]) for name in ("OUTBOX", "PATIENCE")
        )
        self.capacity = capacity()
        self.said = 0  # lines
        self.told = 0  # quarters of the outbox
        self.full_since = 0.0
        self.end = 0.0  # when bob must have heard what was said
        self.look()

    def fill(self, goal: str, deadline: float) -> None:
        """Let ann type numbered lines, no faster than bob hears them, until the goal is reached.

        goal: "system", its buffers are full; "outbox", it is full; "cut", the server has dropped eve, and bob has heard
        all that was said. Raises DemoFailure where bob does not hear something within so many seconds.
        """
        while not self.reached(goal):
            if self.side["outbox"] > 2 * self.bound or self.said > MOST:
                raise DemoFailure(tr("what is for {name} piles up without a bound", name="eve"))
            began = time.monotonic()
            if self.bob.heard == self.said:
                self.say(4)
                self.end = began + deadline
            elif began > self.end:
                raise DemoFailure(tr("{name} no longer hears what is said", name="bob"))
            if self.bob.heard < self.said:
                self.play.pump(0.02)
            self.look()
            self.play.rest(began + 0.04)
        self.look(tell=True)
        if goal == "cut":
            self.play.show(self.eve, "note", tr("(dropped by the server)"))

    def say(self, number: int) -> None:
        lines = [f"line {self.said + more} ".ljust(1000, ".") for more in range(1, number + 1)]
        self.ann.write("".join(line + "\n" for line in lines).encode())
        self.said += number
        self.play.retype(self.ann, f"line {self.said} ...")

    def look(self, tell: bool = False) -> None:
        """See how far they are, and show it. tell: in a log, too."""
        self.side = self.play.ask_tap(self.play.server)[self.number]
        waiting = min(self.side["outbox"], int(self.bound))
        self.full_since = (self.full_since or time.monotonic()) if waiting >= self.bound else 0.0
        waited = time.monotonic() - self.full_since if self.full_since else 0.0
        waited = self.patience if self.side["cut"] else min(waited, self.patience)
        if self.is_stuck():
            self.capacity = self.side["sent"]
        quarter = int(4 * waiting / self.bound)
        tell, self.told = tell or quarter > self.told, max(quarter, self.told)
        system = tr("{number:,} bytes", number=self.side["sent"])
        outbox = tr("{number} of {bound} lines", number=waiting, bound=int(self.bound))
        patience = tr("{seconds} of {bound} s", seconds=f"{waited:.1f}", bound=f"{self.patience:g}")
        self.play.measure(
            self.play.server,
            Gauge(tr("the system's buffers"), system, self.side["sent"] / self.capacity),
            Gauge(tr("eve's outbox"), outbox, waiting / self.bound),
            Gauge(tr("patience with eve"), patience, waited / self.patience),
            tell=tell,
        )

    def is_stuck(self) -> bool:
        """Whether the writer waits in send: it never leaves so many lines in the outbox of one who reads."""
        return self.side["sending"] and self.side["outbox"] > 8

    def reached(self, goal: str) -> bool:
        full = self.side["outbox"] >= self.bound
        if goal == "cut":
            return self.side["cut"] and self.bob.heard == self.said
        return self.side["cut"] or full or (self.is_stuck() and goal == "system")


def capacity() -> int:
    """Return about how many bytes the system keeps on the way to one who does not read."""
    with socket.create_server((HOST, 0)) as listener, socket.socket() as reader:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        reader.connect(listener.getsockname())
        with listener.accept()[0] as writer:
            writer.settimeout(0.1)
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 1 << 24:
                    sent += writer.send(b"." * 1000)
            return max(sent, 1)
