"""What the notebooks share: the lab's own programs, run and shown. No code is pasted into a notebook a second time."""

from __future__ import annotations

import ast
import html
import importlib.util
import itertools
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from IPython.display import HTML, Markdown

ROOT = Path(__file__).resolve().parents[1]
SOLUTIONS = ROOT / "solutions"
MISTAKES = ROOT / "tests" / "mistakes"
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
    return Markdown(f"`{path}`\n```python\n{ast.get_source_segment(text, nodes[0])}\n```")


def timeline(verdict, height: int = 620) -> HTML:
    """Show the failure that the explorer found, to step through with the arrow keys; it works in an exported page too."""
    page = html.escape(verdict.html(), quote=True)
    return HTML(f'<iframe srcdoc="{page}" style="width: 100%; height: {height}px; border: 1px solid #888"></iframe>')
