"""What the demo looks like: every participant's screen side by side, or a line for each event.

    PlainScreen   a line for each event, for pipes and logs
    PanelScreen   a panel for each participant, drawn over and over in one place, for people
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

WIDE = 120  # columns from which on all the panels stand beside each other
TALL = 25  # rows of the tallest panel
PLAIN = 79  # columns of a line for pipes and logs
CAPTION = 2  # rows
LOST = "the server closed the connection"  # what a client says, and its exit status is then 1

COLOURS = {
    "heard": "", "typed": "36", "error": "31", "note": "2", "caption": "1", "bar": "33",
    "server": "33", "ann": "32", "bob": "35", "eve": "94", "explorer": "33", "stage 09": "32", "stage 10": "35",
}  # fmt: skip
GLYPHS = "\u2500\u2502\u250c\u2510\u2514\u2518\u2588\u2591"  # a border's: along, down, corners; a bar's: full, empty
ASCII_GLYPHS = "-|++++#."


@dataclass(frozen=True)
class Gauge:
    """Something that fills up: a bar with words above it."""

    label: str
    figure: str
    share: float  # 0 to 1


class Shown(Protocol):
    """What a screen knows of a participant."""

    name: str
    title: str
    program: str
    serves: bool
    lines: list[tuple[str, str]]  # (kind, text); the kinds are in COLOURS
    gauges: Sequence[Gauge]


class PlainScreen:
    """A line for each event."""

    MARKS = {"typed": ">", "heard": "<", "error": "!", "note": "*", "bar": "="}

    def caption(self, text: str) -> None:
        self._print(f"# {text}", "  ")

    def __init__(self) -> None:
        self.later: dict[str, tuple[str, str]] = {}
        self.told: dict[str, str] = {}

    def show(self, who: Shown, kind: str, text: str) -> None:
        if latest := self.later.pop(who.name, None):
            self.show(who, *latest)
        mark = "|" if kind == "heard" and who.serves else self.MARKS[kind]
        self._print(f"{who.title:<6} {mark} {text}", " " * 9)

    def change_line(self, who: Shown) -> None:
        """Keep the line, which still changes, until another comes: a log has its first form and its last."""
        self.later[who.name] = who.lines[-1]

    def change_gauges(self, who: Shown, milestone: bool) -> None:
        """Tell of milestones alone, and of each once."""
        text = "; ".join(f"{gauge.label}: {gauge.figure}" for gauge in who.gauges)
        if milestone and self.told.get(who.name) != text:
            self.told[who.name] = text
            self.show(who, "bar", text)

    def close(self, text: str = "") -> None:
        if text:
            print(text, flush=True)

    def _print(self, line: str, indent: str) -> None:
        print("\n".join(textwrap.wrap(line, PLAIN, subsequent_indent=indent)), flush=True)


class PanelScreen:
    """A panel for each participant, drawn in place. Nothing is wiped before it is drawn anew, so nothing flickers."""

    def __init__(self, panels: Sequence[Shown], head: int, colours: bool, glyphs: str) -> None:
        self.panels, self.head, self.colours, self.glyphs = panels, head, colours, glyphs
        self.text = ""
        self.size = shutil.get_terminal_size()
        # What was on the terminal moves up into its history.
        print("\n" * self.size.lines, end="\x1b[2J", flush=True)

    def caption(self, text: str) -> None:
        self.text = text
        self.draw()

    def show(self, who: Shown, kind: str, text: str) -> None:
        self.draw()

    def change_line(self, who: Shown) -> None:
        self.draw()

    def change_gauges(self, who: Shown, milestone: bool) -> None:
        self.draw()

    def draw(self) -> None:
        size = shutil.get_terminal_size()
        wipe, self.size = "\x1b[2J" if size != self.size else "", size
        # Two rows of the terminal stay free, for the last words and the prompt: so nothing scrolls.
        width, height = max(size.columns, 40), max(size.lines - 2, 9)
        rows = frame(self.text, self.panels, width, height, self.head, self.colours, self.glyphs)
        drawn = "".join(f"\x1b[{number};1H{row}" for number, row in enumerate(rows, start=1))
        # ?25l hides the cursor; it rests below, where a terminal shows ^C.
        print(f"\x1b[?25l{wipe}{drawn}\x1b[{len(rows) + 1};1H", end="", flush=True)

    def close(self, text: str = "") -> None:
        print(f"\x1b[?25h{text}", end="\n" if text else "", flush=True)


def choose_screen(panels: Sequence[Shown], head: int) -> PlainScreen | PanelScreen:
    """Return the best screen that stdout can show, made ready. head: rows of the first panel, as in frame."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
        if sys.platform == "win32":
            sys.stdout.reconfigure(encoding="utf-8")
            os.system("")  # from then on the console understands escape codes
    size = shutil.get_terminal_size()
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb" or size.columns < 60 or size.lines < 16:
        return PlainScreen()
    try:
        GLYPHS.encode(sys.stdout.encoding)
        glyphs = GLYPHS
    except UnicodeEncodeError:
        glyphs = ASCII_GLYPHS
    return PanelScreen(panels, head, not os.environ.get("NO_COLOR"), glyphs)


def frame(
    text: str, panels: Sequence[Shown], width: int, height: int, head: int, colours: bool, glyphs: str
) -> list[str]:
    """Return the rows of the whole picture: the caption, and the panels side by side or, if narrow, on two floors.

    head: how many rows the first floor of two has, and then there are always two; 0: as many as the second.
    """
    two_floors = len(panels) > 2 and (width < WIDE or head > 0)
    caption = textwrap.wrap(text, width - 2)[:CAPTION]
    rows = [paint(f" {line}".ljust(width), "caption", colours) for line in [*caption, *[""] * (CAPTION - len(caption))]]
    room = height - CAPTION
    heights = [head or room // 2, room - (head or room // 2)] if two_floors else [room]
    for floor, tall in zip([panels[:-2], panels[-2:]] if two_floors else [panels], heights):
        edges = column_edges(len(floor), width, first_share(panels) if len(floor) > 2 else 1)
        boxes = [box(panel, edges[i + 1] - edges[i], min(tall, TALL), colours, glyphs) for i, panel in enumerate(floor)]
        rows += ["".join(parts) for parts in zip(*boxes)]
    return rows


def first_share(panels: Sequence[Shown]) -> float:
    """Return how many times as wide the first panel is as each other, where all stand beside each other."""
    return 1.5 if len(panels) > 2 else 1


def column_edges(count: int, width: int, first: float) -> list[int]:
    """Return where the columns begin and end, the first one so many times as wide as each other."""
    return [0, *(round(width * (first + more) / (first + count - 1)) for more in range(count))]


def box(panel: Shown, width: int, height: int, colours: bool, glyphs: str) -> list[str]:
    """Return the rows of one panel: its gauges and its newest lines within a border."""
    dash, bar, *corners = list(glyphs[:6])
    title = f"{dash} {panel.title}: {panel.program} "[: width - 2].ljust(width - 2, dash)
    side = paint(bar, panel.name, colours)
    gauges = measured(panel.gauges, width - 4, glyphs)[: height - 2]
    room = height - 2 - len(gauges)
    lines = wrapped(panel.lines, width - 3)
    inside = [*gauges, *(lines[-room:] if room else [])]
    inside += [("heard", "")] * (height - 2 - len(inside))
    return [
        paint(corners[0] + title + corners[1], panel.name, colours),
        *(side + paint(f" {text}".ljust(width - 2), kind, colours) + side for kind, text in inside),
        paint(corners[2] + dash * (width - 2) + corners[3], panel.name, colours),
    ]


def measured(gauges: Sequence[Gauge], width: int, glyphs: str) -> list[tuple[str, str]]:
    """Return (kind, text) for the two rows of each gauge."""
    rows: list[tuple[str, str]] = []
    for gauge in gauges:
        full = round(width * min(max(gauge.share, 0), 1))
        label = gauge.label[: max(0, width - len(gauge.figure) - 1)]
        rows.append(("heard", label.ljust(width - len(gauge.figure)) + gauge.figure))
        rows.append(("bar", glyphs[6] * full + glyphs[7] * (width - full)))
    return rows


def wrapped(lines: Sequence[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Return (kind, text) for each row that the lines take at this width."""
    rows: list[tuple[str, str]] = []
    for kind, line in lines:
        if kind == "heard" and line.startswith("error:"):
            kind = "error"
        elif line == LOST:
            kind = "note"
        text = f"> {line}" if kind == "typed" else line
        rows += [(kind, row) for row in textwrap.wrap(text, width, subsequent_indent="  ") or [""]]
    return rows


def paint(text: str, kind: str, colours: bool) -> str:
    """Return the text in the colour of its kind."""
    return f"\x1b[{COLOURS[kind]}m{text}\x1b[0m" if colours and COLOURS.get(kind) else text


def write_picture(path: Path, text: str, panels: Sequence[Shown], head: int) -> None:
    """Write the panels, with all that is in them, to an SVG file; needs rich. head: as in frame."""
    from rich.console import Console
    from rich.text import Text

    below = panels[1:] if head else panels
    edges = column_edges(len(below), WIDE, first_share(below))
    rows = [
        2 * len(panel.gauges) + len(wrapped(panel.lines, edges[i + 1] - edges[i] - 3)) for i, panel in enumerate(below)
    ]
    console = Console(record=True, width=WIDE, file=io.StringIO(), no_color=False)
    for row in frame(text, panels, WIDE, CAPTION + head + 2 + max(rows), head, True, GLYPHS):
        console.print(Text.from_ansi(row))
    svg = console.export_svg(title="python3 lab.py demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # a picture must not ask the network for fonts
    path.write_text(svg, encoding="utf-8")
