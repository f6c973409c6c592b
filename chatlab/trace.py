"""`lab trace`: run a student's server with a few clients, and draw what goes over the wire as a sequence diagram."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .checks.report import cut
from .language import cannot_write, tr, tr_n
from .recorder import Play, record
from .stages import find_stage

WIDTH = 79
LANE = 8  # columns of text between two lifelines


def trace(options: argparse.Namespace) -> int:
    """Draw the traffic of the stage's server; returns 1 where the server does not do what its stage asks for.

    Raises ValueError or FileNotFoundError for a stage or a file that there is not.
    """
    path, number = find_server(options.stage)
    play, failure = record(path, number)
    if play.events:
        print("\n".join(as_text(play)))
    if options.svg:
        try:
            options.svg.write_text(as_svg(play), encoding="utf-8")
        except OSError as error:
            raise ValueError(cannot_write(options.svg, error)) from None
        print("\n" + tr("Written: {path}", path=options.svg))
    if failure:
        print("\n".join(["", *failure] if play.events else failure))
    sys.stdout.flush()
    return 1 if failure else 0


def find_server(what: str) -> tuple[Path, int]:
    """Return the server of a stage of the student's, or the file of this name, and the number of its stage."""
    path = Path(what)
    if path.suffix == ".py":
        if not path.is_file():
            raise FileNotFoundError(tr("There is no file {path}: give a stage's number or a server.py.", path=path))
        match = re.match(r"(\d\d)_", path.resolve().parent.name)
        return path.resolve(), int(match[1]) if match else 9
    stage = find_stage(what)
    path = stage.work / "server.py"
    if not path.is_file():
        raise FileNotFoundError(tr("There is no {path}: lab reset {stage} brings it back.", path=path, stage=what))
    return path, stage.number


# The drawing


@dataclass(frozen=True)
class Arrow:
    """One row: between the client of this column and the server. to: "server", "client", or "" for a note."""

    column: int
    to: str
    label: str
    note: str  # how its bytes came
    ends: bool  # the client's lifeline ends here
    begins: bool

    def words(self, room: int) -> str:
        """Return label and note in so many columns; where they do not fit, the label is cut."""
        return cut(self.label, room - len(self.note) - 1) + " " + self.note if self.note else cut(self.label, room)


def arrows(play: Play) -> list[Arrow]:
    """Return a row for each event."""
    names = play.names
    last = {event.who: number for number, event in enumerate(play.events)}
    rows, seen = [], set()
    for number, event in enumerate(play.events):
        if event.who not in names:
            rows.append(Arrow(len(names), "", event.what, "", False, False))
            continue
        column = names.index(event.who)
        what = event.what
        to = "server" if what.startswith("→") or column not in seen else "client" if what.startswith("←") else ""
        label, note = what.lstrip("→← "), play.notes[number]
        if not note and (lines := label.count("\\n")) > 1:
            note = tr_n("({number} line at once)", "({number} lines at once)", lines)
        ends = event.who in play.ended and last[event.who] == number
        rows.append(Arrow(column, to, label, note, ends, column not in seen))
        seen.add(column)
    return rows


def as_text(play: Play) -> list[str]:
    """Return the diagram: what was sent on the left, on the right a lifeline for each client and one for the server."""
    names = play.names
    columns = [*names, tr("server")]
    room = WIDTH - LANE * len(columns) - 4
    head = "".join(f"{name:^{LANE}}" for name in columns)
    lines = [" " * (room + 5) + head.rstrip()]
    alive = [False] * len(names)
    for number, row in enumerate(arrows(play), start=1):
        if row.begins:
            alive[row.column] = True
        lanes = [list(f"{'│' if on else ' ':^{LANE}}") for on in [*alive, True]]
        picture = [letter for lane in lanes for letter in lane]
        middle = (LANE - 1) // 2  # where the f-string above centres a letter
        if row.to:
            start, end = row.column * LANE + middle, len(names) * LANE + middle
            for place in range(start + 1, end):
                picture[place] = "┼" if picture[place] == "│" else "─"
            picture[start], picture[end] = ("├", "►") if row.to == "server" else ("◄", "┤")
        if row.ends:
            alive[row.column] = False
        lines.append(f"{number:>3} {row.words(room):<{room}} {''.join(picture).rstrip()}")
    return lines


STYLE = """
  text { font: 13px ui-monospace, Consolas, monospace; fill: #1b1b1b }
  text { stroke: #fff; stroke-width: 4px; paint-order: stroke }
  text.name { font-weight: bold; text-anchor: middle }
  line { stroke: #1b1b1b; stroke-width: 1.3 } line.life { stroke: #999; stroke-dasharray: 4 4 }
  rect, #head path { fill: #fff } #head path { fill: #1b1b1b }
  @media (prefers-color-scheme: dark) {
    text { fill: #eee; stroke: #16181d } line { stroke: #eee } line.life { stroke: #777 }
    rect { fill: #16181d } #head path { fill: #eee }
  }"""
APART, ROW, TOP, LEFT, RIGHT = 210, 30, 44, 70, 170  # pixels


def as_svg(play: Play) -> str:
    """Return the diagram as a picture that stands alone, readable on light and dark pages."""
    rows, names = arrows(play), play.names
    columns = [*names, tr("server")]
    x = [LEFT + APART * column for column in range(len(columns))]
    width, height = x[-1] + RIGHT, TOP + ROW * (len(rows) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker></defs>',
        f'<rect width="{width}" height="{height}"/>',
    ]
    y = [TOP + ROW * (number + 1) for number in range(len(rows))]
    for column, name in enumerate(columns):
        own = [y[number] for number, row in enumerate(rows) if row.column == column] or [TOP, height - ROW]
        top, bottom = (own[0], height - 10) if column < len(names) else (TOP, height - 10)
        bottom = own[-1] if name in play.ended else bottom
        parts.append(f'<text class="name" x="{x[column]}" y="24">{escape(name)}</text>')
        parts.append(f'<line class="life" x1="{x[column]}" y1="{top}" x2="{x[column]}" y2="{bottom}"/>')
    for row, at in zip(rows, y):
        here, there = x[row.column], x[-1]
        if row.to == "client":
            here, there = there, here
        if row.to:
            parts.append(f'<line x1="{here}" y1="{at}" x2="{there}" y2="{at}" marker-end="url(#head)"/>')
        anchor = f'x="{x[row.column] + 8}"' if row.column < len(names) else f'x="{x[-1] - 8}" text-anchor="end"'
        parts.append(f'<text {anchor} y="{at - 6}">{escape(row.words(60))}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
