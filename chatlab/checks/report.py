"""What a failed check tells: the transcript, where the threads stand, and one cause in plain words."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from ..language import mark, page, tr

ROOT = Path(__file__).resolve().parents[2]
MOST_EVENTS = 9  # of the transcript: the end is what matters
WIDTH = 79


def quote(data: bytes, most: int = 48) -> str:
    """Return bytes as a reader can check them: text where it is UTF-8, else escapes; shortened in the middle."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        shown = repr(data)
    else:
        shown = '"' + text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace('"', '\\"') + '"'
        if not shown.isprintable():
            shown = repr(data)
    if len(shown) > most:
        size = tr("({size:,} bytes)", size=len(data))
        shown = f"{shown[: most // 2]} ... {shown[-most // 3 :]} {size}"
    return shown


@dataclass(frozen=True)
class Cause:
    """Why a check failed: a name that stays, a sentence for the student, and where to read about it."""

    key: str
    text: str
    read: str = ""


@dataclass
class Event:
    """One line of a transcript: who, and what it did or what came to it."""

    who: str
    what: str


@dataclass
class Transcript:
    """What happened on the wire, in order, as the peers saw it."""

    events: list[Event] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, who: str, what: str) -> None:
        with self.lock:
            self.events.append(Event(who, what))

    def lines(self, most: int = MOST_EVENTS) -> list[str]:
        """Return the last events, numbered, a column for each peer while there are at most three."""
        with self.lock:
            events = list(enumerate(self.events, start=1))
        left_out = max(0, len(events) - most)
        events = events[left_out:]
        names = list(dict.fromkeys(event.who for _, event in events))
        shown = {name: tr("server") if name == "server" else name for name in names}
        lines = ["  ... " + tr("{number} earlier", number=left_out)] if left_out else []
        if 1 <= len(names) <= 3:
            width = (WIDTH - 6) // len(names)
            lines.insert(0, "      " + "".join(f"{name:<{width}}" for name in shown.values()).rstrip())
            for number, event in events:
                column = names.index(event.who)
                room = WIDTH - 6 - width * column
                lines.append(f"  {number:>3} {' ' * (width * column)}{cut(event.what, room)}")
        else:
            width = max(map(len, shown.values()), default=0)
            lines += [
                f"  {number:>3} {shown[event.who]:<{width}}  {cut(event.what, WIDTH - 8 - width)}"
                for number, event in events
            ]
        return lines


def cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 3] + "..."


class CheckFailed(AssertionError):
    """A check found something wrong: what was expected, the evidence, and the cause."""

    def __init__(self, expected: str, cause: Cause, transcript: list[str], threads: list[str]) -> None:
        super().__init__(f"{cause.text} [{cause.key}]")
        self.expected, self.cause, self.transcript, self.threads = expected, cause, transcript, threads

    def lines(self) -> list[str]:
        """Return the whole message: at most 25 lines."""
        lines = [*wrap(self.cause.text), ""]
        if self.expected:
            lines += [*wrap(tr("Expected: {what}", what=self.expected)), ""]
        if self.transcript:
            lines += [tr("On the wire (→ to the server, ← from it):"), *self.transcript, ""]
        room = 25 - len(lines) - 2
        if self.threads and room > 2:
            lines += [tr("The server's threads:"), *self.threads[: room - 2], ""]
        if self.cause.read:
            lines.append(tr("Read: {what}", what=where(self.cause.read)))
        while lines and not lines[-1]:
            lines.pop()
        return lines


HEADINGS = [
    *(mark("The idea"), mark("Your task"), mark("On the wire"), mark("Steps"), mark("Think about it")),
    *(mark("The contract"), mark("The lines on the wire")),
]


def where(read: str) -> str:
    """Return a place such as "stages/README.md, The contract" as the reader finds it, in their language.

    A stage's folder stands for its README.
    """
    name, _, heading = read.partition(", ")
    path = ROOT / "stages" / name.removeprefix("stages/")
    there = page(path if path.suffix == ".md" else path / "README.md").relative_to(ROOT).as_posix()
    return f"{there}, {tr(heading)}" if heading else there


def wrap(text: str) -> list[str]:
    """Fold prose to WIDTH; lines that are indented (code, a caret) stay as they are."""
    import textwrap

    lines: list[str] = []
    for line in text.split("\n"):
        lines += [line] if line.startswith("  ") else textwrap.wrap(line, WIDTH, break_long_words=False) or [""]
    return lines
