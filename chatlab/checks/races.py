"""A race check: the whole server in the explorer, and what a student is told of the schedule that breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ..language import tr
from .causes import todo
from .report import WIDTH, Cause, CheckFailed, wrap
from .work import load_function

SAVED = Path(__file__).resolve().parents[2] / ".lab" / "races"
MOST = 1_000  # schedules of one check
ROOM = 25  # lines of a message


class RaceFailed(CheckFailed):
    """A check that failed under a schedule, whose timeline is the evidence."""

    def __init__(self, cause: Cause, timeline: list[str], ending: list[str]) -> None:
        super().__init__("", cause, [], [])
        self.timeline, self.ending = timeline, ending

    def lines(self) -> list[str]:
        head = [*wrap(self.cause.text), ""]
        room = ROOM - len(head) - len(self.ending) - 1
        shown = self.timeline if len(self.timeline) <= room else [*self.timeline[: room - 1], "  ..."]
        return [*head, *shown, "", *self.ending]


def race_of(folder: Path, stage: int, own: bool, scenario: Callable) -> None:
    """Run the scenario on the server of this folder; raises CheckFailed."""
    from ..explorer import Refused, simulate

    server = folder / "server.py"
    load_function(server)
    try:
        verdict = simulate(server, scenario, delays=2 if own else 1, pct=50 if own else 10, stage=stage, most=MOST)
    except Refused as refused:
        raise CheckFailed(
            "", Cause("refused", tr("This check cannot run your server: {refused}", refused=refused)), [], []
        ) from None
    if verdict.holds:
        return
    if match := re.search(r"NotImplementedError: (stage \d+, TODO \d+)", verdict.failure.message):
        raise CheckFailed("", todo(match[1], folder), [], [])
    name = f"{folder.name}-{scenario.__name__}.json"
    saved = _save(verdict, name)
    text = f"{verdict.failure.message.rstrip('.')}.\n{_how_often(verdict)}"
    ending = [tr("Step through it: python3 lab.py replay {saved} --html race.html", saved=saved)] if saved else []
    raise RaceFailed(Cause(verdict.key, text), verdict.timeline(width=WIDTH, short=True).split("\n"), ending)


def _how_often(verdict) -> str:
    number = verdict.preemptions
    if not number:
        return tr("No thread need be interrupted for it: it is enough that they take turns in this order.")
    times = {1: tr("one interruption"), 2: tr("two interruptions")}.get(number, f"{number} interruptions")
    return tr("It takes {times} of a thread at the wrong moment.{today}", times=times, today=verdict.today)


def _save(verdict, name: str) -> str:
    """Keep the schedule for `lab replay`; returns where, or nothing where that cannot be written."""
    path = SAVED / name
    try:
        SAVED.mkdir(parents=True, exist_ok=True)
        verdict.save(path)
    except OSError:
        return ""
    return f".lab/races/{name}"
