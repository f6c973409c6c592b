"""What the notebooks share: the lab's own programs, run and shown. No code is pasted into a notebook a second time."""

from __future__ import annotations

import ast
import html
import importlib.util
import itertools
import re
import socket
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from IPython.display import HTML, Markdown

ROOT = Path(__file__).resolve().parents[1]
SOLUTIONS = ROOT / "solutions"
MISTAKES = ROOT / "tests" / "mistakes"
CATALOGUE = Path("tests/tool/explorer/catalogue")
MARKER = re.compile(r"\s*#( (BEGIN|END) SOLUTION|\|)")
LIMIT = 20  # seconds that anything in a notebook may wait

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

_numbers = itertools.count(1)


def load(path: Path | str) -> ModuleType:
    """Import a program of the lab, anew each time: load("solutions/05_broadcast/server.py")."""
    path = ROOT / path
    spec = importlib.util.spec_from_file_location(f"{path.stem}_{next(_numbers)}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def serving(path: Path | str) -> Iterator[tuple[str, int]]:
    """Run the serve of this program in a thread on a listener of port 0, and give its address; stop it at the end."""
    serve = load(path).serve
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        try:
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept; close alone does not
        except OSError:
            pass
        listener.close()
        thread.join(LIMIT)


def source(path: Path | str, name: str) -> Markdown:
    """Show a function or class of a program of the lab."""
    text = (ROOT / path).read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(text)) if getattr(node, "name", None) == name]
    if not nodes:
        raise LookupError(f"{path} has no {name}")
    lines = text.splitlines()[nodes[0].lineno - 1 : nodes[0].end_lineno]
    shown = [line for line in lines if not MARKER.match(line)]  # what makes the starters is of no interest here
    return Markdown(f"`{path}`\n```python\n{textwrap.dedent(chr(10).join(shown))}\n```")


def timeline(verdict, height: int = 620) -> HTML:
    """Show the failure that the explorer found, to step through with the arrow keys; it works in an exported page too."""
    page = html.escape(verdict.html(), quote=True)
    frame = f'<iframe srcdoc="{page}" style="width: 100%; height: {height}px; border: 1px solid #888"></iframe>'
    return HTML(f"<div>{frame}</div>")  # IPython warns of a bare iframe


def catalogue(name: str, twin: bool = False):
    """Return (setup, workers, check) of a bug in the explorer's catalogue, or of its mended twin."""
    from chatlab.explorer.search import component

    return component(ROOT / CATALOGUE / ("twins" if twin else "bugs") / f"{name}.py")


def waits_for(verdict) -> None:
    """Draw who waits for whom in a deadlock that the explorer found: an arrow from each thread to the one it waits for."""
    import math

    import matplotlib.pyplot as plt

    pattern = r"(\S+) waits for (\S+) \(line (\d+)\), which (?:(it) holds itself|(\S+) holds)"
    waits = re.findall(pattern, verdict.failure.message)
    threads = list(dict.fromkeys(who for who, *_ in waits))
    place = {}
    for number, name in enumerate(threads):
        angle = math.pi - 2 * math.pi * number / len(threads)
        place[name] = (1.7 * math.cos(angle), math.sin(angle)) if len(threads) > 1 else (0, -0.4)
    figure, axes = plt.subplots(figsize=(7, 3.8))
    for who, lock, line, itself, holder in waits:
        (x1, y1), (x2, y2) = place[who], place[holder or who]
        if itself:
            x1, x2, bend = x1 - 0.5, x2 + 0.5, -1.8
        else:
            bend = min((0.3, -0.3), key=lambda rad: -math.hypot(*_middle(x1, y1, x2, y2, rad)))
            bend = -0.45 if len(threads) == 2 else bend
        style = {"arrowstyle": "-|>,head_width=0.4,head_length=0.7", "color": "black", "linewidth": 1.8}
        style |= {"connectionstyle": f"arc3,rad={bend}", "shrinkA": 12 if itself else 22, "shrinkB": 12 if itself else 22}
        axes.annotate("", (x2, y2), (x1, y1), arrowprops=style)
        at = _middle(x1, y1, x2, y2, bend)
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.text(*at, f"waits for {lock}\n(line {line})", ha="center", va="center", fontsize=9, bbox=paper)
    for name, (x, y) in place.items():
        box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "black", "linewidth": 1.5}
        axes.text(x, y, name, ha="center", va="center", bbox=box)
    axes.set(xlim=(-2.6, 2.6), ylim=(-1.6, 1.6))
    axes.axis("off")
    axes.set_title("Who waits for whom: the arrows go round in a ring")
    plt.show()


def _middle(x1: float, y1: float, x2: float, y2: float, bend: float) -> tuple[float, float]:
    """Return the middle of matplotlib's arc3 between two points: a quadratic curve, its control point aside by bend."""
    return (x1 + x2) / 2 + bend * (y2 - y1) / 2, (y1 + y2) / 2 - bend * (x2 - x1) / 2
