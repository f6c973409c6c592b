"""The timeline of a failing schedule: a column for each thread, as text, as a picture, as a page to step through."""

from __future__ import annotations

import html as markup
import json
import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ..language import mark, spoken, tr, tr_n
from .events import Event, Failure

NARROW = 24  # columns; where a thread has fewer, all share one column
MOST_ROWS = 60  # events that a timeline draws
SHORT = 13  # events that a short one draws
TEMPLATE = Path(__file__).with_name("timeline.html")


def text(
    title: str, source: str, events: Sequence[Event], failure: Failure, width: int = 100, short: bool = False
) -> str:
    """Return the timeline as text, no line wider than width; short: about twenty lines, of what matters most."""
    kept = _chosen(events, SHORT if short else MOST_ROWS)
    threads = list(dict.fromkeys(events[number].thread for number in kept))
    lines = source.splitlines()
    column = (width - 6) // max(1, len(threads))
    apart = column >= NARROW
    out = [] if short else [*_wrapped(title, width), ""]
    if apart:
        out.append(f"{tr('line')[:5]:<6}" + "".join(_fit(f"[{name}]", column) for name in threads).rstrip())
    last: Event | None = None
    for place, number in enumerate(kept):
        event = events[number]
        left_out = number - (kept[place - 1] + 1 if place else 0)
        if left_out and not short:
            out.append("      … " + tr_n("{number} step not drawn", "{number} steps not drawn", left_out))
        if event.switch:
            stopped = next((other.thread for other in reversed(events[:number]) if other.thread != event.thread), "")
            note = (
                tr(" {stopped} is stopped here, {thread} goes on ", stopped=stopped, thread=event.thread)
                if stopped
                else tr(" {thread} goes first ", thread=event.thread)
            )
            out.append(("      ──" + note + "─" * width)[:width])
        indent = column * threads.index(event.thread) if apart else 0
        room = (column - 1 if apart else width - 6 - 12) - 2
        code = lines[event.line - 1].strip() if 0 < event.line <= len(lines) else ""
        fresh = last is None or (event.thread, event.line) != (last.thread, last.line) or event.switch or left_out
        margin = f"{event.line or '':>4}  " if fresh else " " * 6
        name = "" if apart else _fit(event.thread if fresh else "", 12)
        if code and fresh and not short:
            out.append(f"{margin}{' ' * indent}{name}{_fit(code, room + 2).rstrip()}")
            margin, name = " " * 6, name and " " * 12
        told = event.text + (f" → {event.value}" if event.value and event.kind in ("read", "write") else "")
        if event.kind == "failure":
            break
        if event.held and event.kind not in ("acquire", "release"):
            told += " " + tr("(holds {locks})", locks=", ".join(event.held))
        out.append(
            f"{margin}{' ' * indent}{name}{'' if short else '  '}{_fit(told, room if not short else room + 2).rstrip()}"
        )
        last = event
    if not short:
        out += ["", *_wrapped(f"{tr(failure.kind)}: {failure.message}", width)]
    return "\n".join(line.rstrip() for line in out)


def _chosen(events: Sequence[Event], most: int) -> list[int]:
    """Return the places of the events that are drawn: what two threads touch, where they are stopped, how it ends."""
    users: dict[str, set[tuple[str, bool]]] = {}
    for event in events:
        users.setdefault(_thing(event), set()).add((event.thread, event.kind == "write"))

    def weight(number: int) -> int:
        event = events[number]
        after = events[number + 1] if number + 1 < len(events) else None
        if event.switch:
            return 6
        if event.kind == "failure" or (after and after.switch):
            return 5
        if event.thread == "scenario":  # it only starts the clients, and waits for them
            return 0
        if event.kind == "read" and event.value in ("Lock", "RLock", "Condition"):
            return 0
        if event.kind in ("read", "write"):
            seen = users[_thing(event)]
            shared = len({thread for thread, _ in seen}) > 1 and any(write for _, write in seen)
            return 3 if shared else 1
        return {"send": 4, "recv": 3, "wait": 3, "acquire": 2, "release": 2, "print": 2, "other": 2}.get(event.kind, 0)

    order = sorted(range(len(events)), key=lambda number: (-weight(number), -number))
    chosen = [number for number in order if weight(number) > 0 or len(events) <= most]
    return sorted(chosen[:most])


def _thing(event: Event) -> str:
    """Return what a read or a write is about: `reads clients[3]` and `clients.pop(3)` are about clients."""
    words = event.text
    for verb in (tr("reads {}"), tr("writes {}"), tr("goes on through {}")):
        words = words.removeprefix(verb.removesuffix("{}"))
    return words.split("[")[0].split("(")[0].rsplit(".", 1)[0] if "(" in words else words.split("[")[0].split(" in ")[0]


def _fit(words: str, columns: int) -> str:
    """Return the words in exactly so many columns of a terminal; letters may be two wide."""
    words = words.replace("\n", " ").replace("\t", " ")
    if _columns(words) > columns - 1:
        while words and _columns(words) > columns - 2:
            words = words[:-1]
        words += "…"
    return words + " " * (columns - _columns(words))


def _wrapped(words: str, width: int) -> list[str]:
    wide = _columns(words) - len(words)
    return [line for part in words.split("\n") for line in textwrap.wrap(part, max(width - wide, width // 2))]


def _columns(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)


def svg(title: str, source: str, events: Sequence[Event], failure: Failure) -> str:
    """Return the timeline as a picture: a lane for each thread; a hatched bar where a thread is stopped."""
    kept = [number for number in _chosen(events, MOST_ROWS) if events[number].kind != "failure"]
    threads = list(dict.fromkeys(events[number].thread for number in kept))
    lines = source.splitlines()
    lane, step, top, left = 280, 44, 96, 16
    width, height = left * 2 + lane * max(1, len(threads)), top + step * len(kept) + 110
    escape = markup.escape
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">',
        "<defs><pattern id='h' width='6' height='6' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>"
        "<line x1='0' y1='0' x2='0' y2='6' stroke='#b34700' stroke-width='3'/></pattern>"
        "<marker id='a' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' orient='auto'>"
        "<path d='M0 0L8 4L0 8z' fill='#444'/></marker></defs>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for row, line in enumerate(textwrap.wrap(title, max(40, width // 8))[:2]):
        out.append(f'<text x="{left}" y="{24 + 17 * row}" font-size="14" font-weight="bold">{escape(line)}</text>')
    for number, name in enumerate(threads):
        x = left + lane * number
        out.append(f'<line x1="{x + 8}" y1="{top - 14}" x2="{x + 8}" y2="{height - 100}" stroke="#bbb"/>')
        out.append(f'<text x="{x + 16}" y="{top - 18}" font-weight="bold">{escape(name)}</text>')
    before: tuple[int, int] | None = None
    for row, number in enumerate(kept):
        event = events[number]
        x, y = left + lane * threads.index(event.thread), top + step * row
        if event.switch:
            out.append(f'<rect x="{left}" y="{y - 9}" width="{width - 2 * left}" height="6" fill="url(#h)"/>')
        if before and before[0] != x:
            way = f"M{before[0] + 8} {before[1] + 36}L{x + 8} {y}"
            out.append(f'<path d="{way}" stroke="#444" fill="none" marker-end="url(#a)"/>')
        code = lines[event.line - 1].strip() if 0 < event.line <= len(lines) else ""
        told = event.text + (f" → {event.value}" if event.value and event.kind in ("read", "write") else "")
        mark = "#e8f0fe" if event.kind == "write" else "#f4f4f4"
        edge = ' stroke-dasharray="4 3"' if event.kind == "wait" else ""
        out.append(
            f'<rect x="{x + 8}" y="{y}" width="{lane - 20}" height="36" rx="3" fill="{mark}" stroke="#666"{edge}/>'
            f'<text x="{x + 14}" y="{y + 14}" fill="#222">{event.line or ""} {escape(_fit(code, 33).rstrip())}</text>'
            f'<text x="{x + 14}" y="{y + 29}" font-weight="bold">{escape(_fit(told, 36).rstrip())}</text>'
        )
        before = x, y
    y = height - 84
    for row, line in enumerate(textwrap.wrap(f"{tr(failure.kind)}: {failure.message}", max(40, width // 8))[:4]):
        out.append(f'<text x="{left}" y="{y + 17 * row}" fill="#a00000" font-weight="bold">{escape(line)}</text>')
    return "\n".join([*out, "</svg>"])


def html(title: str, source: str, events: Sequence[Event], failure: Failure) -> str:
    """Return the timeline as one page that stands alone: arrow keys step through it."""
    data = {
        "title": title,
        "source": source.splitlines(),
        "threads": list(dict.fromkeys(event.thread for event in events)),
        "events": [vars(event) for event in events],
        "failure": {**vars(failure), "kind": tr(failure.kind)},
        "words": words(),
    }
    packed = json.dumps(data).replace("<", "\\u003c")  # so that no text can end the script it stands in
    page = TEMPLATE.read_text(encoding="utf-8")
    for word, text in words().items():
        page = page.replace("{{" + word + "}}", markup.escape(text))
    page = page.replace("{{lang}}", spoken())
    return page.replace("{{title}}", markup.escape(title)).replace("{{data}}", packed)


def words() -> dict[str, str]:
    """Return what the page itself says, by the names that it uses."""
    return {
        "first": tr("first"),
        "back": tr("back"),
        "next": tr("next"),
        "last": tr("last"),
        "step": tr("step"),
        "not_started": tr("not started yet"),
        "holds": tr("holds {}"),
        "waits": tr("waits for {}"),
        "ended": tr("has ended"),
        "stopped": tr("The thread before is stopped here."),
        "in_flight": tr("in flight, {}"),
        "printed": tr("printed: {}"),
        "prints": tr("prints {}"),
    }


KINDS = [mark("deadlock"), mark("livelock"), mark("lost wakeup"), mark("stuck"), mark("check"), mark("exception")]
