"""Stage 04: the race of two who join at once, found by the explorer, event by event; then the same with the lock."""

from __future__ import annotations

import itertools
import re
import threading
import time
from typing import TYPE_CHECKING

from ..language import amount, tr
from .participant import DemoFailure, Participant

if TYPE_CHECKING:
    from ..explorer import Event, Verdict
    from .play import Play

LOCK = "with self.lock:"
NO_LOCK = "if True:  # no lock"


class Race:
    """What the explorer finds in the server of the play, and its timeline in the panels of two threads."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.path = play.folder / "server.py"
        self.source = self.racy = ""
        self.verdict: Verdict | None = None

    def lose_the_lock(self, explorer: Participant) -> None:
        """Explore the server without its lock; raises DemoFailure where no schedule fails."""
        self.source = self.path.read_text(encoding="utf-8")
        self.racy = self.source.replace(LOCK, NO_LOCK)
        if self.racy == self.source:
            raise DemoFailure(tr("the server has no line {line!r}", line=LOCK))
        self.verdict = self.explore(self.racy)
        if self.verdict.holds:
            raise DemoFailure(self.verdict.sentence)
        number = amount(self.verdict.schedules)
        self.play.show(explorer, "heard", tr("without the lock: schedule {number} breaks it", number=number))

    def show(self, ann: Participant, bob: Participant) -> None:
        """Show the failing schedule: each thread in its own panel, one thing below the other."""
        assert self.verdict is not None
        panels = dict(zip(("handle", "handle-2"), (ann, bob)))
        source = self.racy.splitlines()
        events = [event for event in self.verdict.events if event.thread in panels and shown(event)]
        running, busy = "", False
        for (thread, line), group in itertools.groupby(events, lambda event: (event.thread, event.line)):
            doings = list(group)
            if busy and thread != running:
                self.row(panels[running], panels, "note", tr("(stopped here)"))
            running, busy = thread, doings[-1].kind != "send"  # when it has told its client, it has come to its end
            if busy:
                self.row(panels[thread], panels, "heard", f"{line:>3} {source[line - 1].strip()}")
                self.row(panels[thread], panels, "bar", "    " + told(doings))
            else:
                self.row(panels[thread], panels, "error", told(doings))

    def row(self, who: Participant, panels: dict[str, Participant], kind: str, text: str) -> None:
        """Put a line on one panel, and nothing beside it on the other: time goes down."""
        for other in panels.values():
            if other is not who:
                other.lines.append(("heard", ""))
        self.play.show(who, kind, text)
        self.play.rest(time.monotonic() + 0.5)

    def tell(self, explorer: Participant) -> None:
        """Say what came of it."""
        assert self.verdict is not None and self.verdict.failure is not None
        self.play.show(explorer, "error", self.verdict.failure.message)
        if today := self.verdict.today.strip():
            self.play.show(explorer, "note", today)

    def give_it_back(self, explorer: Participant) -> None:
        """Explore the server as it is; raises DemoFailure where a schedule fails."""
        verdict = self.explore(self.source)
        if not verdict.holds:
            raise DemoFailure(verdict.sentence)
        text = verdict.sentence
        if verdict.exhausted:
            number = amount(verdict.schedules)
            text = tr("with the lock: it holds for all {number} schedules within the bound", number=number)
        self.play.show(explorer, "heard", text)

    def explore(self, source: str) -> Verdict:
        """Return what the explorer finds; in a thread of its own, so that Ctrl-C ends the demo and not a schedule."""
        from ..explorer import Program, simulate
        from ..explorer.scenarios import two_join_at_once

        found: list[Verdict | BaseException] = []

        def search() -> None:
            try:
                program = Program(self.path, source)
                found.append(simulate(program, two_join_at_once, delays=2, pct=0, stage=4))
            except BaseException as error:
                found.append(error)

        thread = threading.Thread(target=search, daemon=True)
        thread.start()
        self.play.wait(lambda: bool(found), tr("the explorer does not come to an end"))
        if isinstance(found[0], BaseException):
            raise DemoFailure(tr("the explorer cannot run the server: {error}", error=found[0]))
        return found[0]


def shown(event: Event) -> bool:
    """Whether the event belongs to the story: the number that is read and written, and what the clients are told."""
    number = event.kind == "write" and "Client.number" in event.text and event.function == "add"
    return event.kind == "send" or "last_number" in event.text or number


def told(events: list[Event]) -> str:
    """Return what a thread does in one line of the program, in a few words."""
    if events[-1].kind == "send":
        data = re.search(r"b'.*?'(?= |$)", events[-1].text)
        return tr("sends {data}", data=data[0] if data else "")
    reads, writes = (next((e.value for e in events if e.kind == kind), "") for kind in ("read", "write"))
    return tr("reads {old}, writes {new}", old=reads, new=writes)
