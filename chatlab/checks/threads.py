"""Where a server's threads stand, what they wait for, which locks they hold, and how they have ended."""

from __future__ import annotations

import ast
import functools
import linecache
import re
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ..language import tr
from .report import WIDTH, cut

if TYPE_CHECKING:
    from .server import Server


# Where they stand


def stand(server: Server, thread: threading.Thread) -> str:
    """Return one line: where the thread stands in the student's file, and what it waits for."""
    call = server.wire.inside.get(thread)
    if call:
        if call.name == "accept":
            doing = tr("in accept")
        elif call.name == "recv":
            doing = tr("in recv from {peer}", peer=call.peer)
        else:
            doing = tr("in {call} to {peer}", call=call.name, peer=call.peer)
    else:
        doing = tr("waits") if rests(server, thread) else tr("runs")
    name = short(thread.name)
    frames = student_frames(server, thread)
    if not frames:
        return f"  {name} {doing}"
    frame, lineno = frames[0]
    source = linecache.getline(frame.f_code.co_filename, lineno).strip()
    return cut("  " + tr("{name} {doing}, line {lineno}: ", name=name, doing=doing, lineno=lineno) + source, WIDTH)


def short(thread: str) -> str:
    """Return a thread's name without the function that Python puts behind it: "Thread-4 (handle)" is Thread-4."""
    return re.sub(r" \(.*\)$", "", thread)


def student_frames(server: Server, thread: threading.Thread) -> list[tuple]:
    """Return (frame, line number) of the thread's frames in the student's folder, innermost first."""
    frame = sys._current_frames().get(thread.ident)
    found = []
    while frame:
        if _same(frame.f_code.co_filename, server.path):
            found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return found


def at_line(server: Server, thread: threading.Thread) -> str:
    frames = student_frames(server, thread)
    return tr(" at line {line}", line=frames[0][1]) if frames else ""


def rests(server: Server, thread: threading.Thread) -> bool:
    """Whether the thread stands where only another can wake it: in a lock, queue, join or Event without a timeout."""
    if thread in server.wire.inside:
        return server.wire.inside[thread].patient
    frame = sys._current_frames().get(thread.ident)
    if frame is None or _is_about_to_run(thread):
        return False
    if frame.f_code.co_filename == threading.__file__ and frame.f_code.co_name in (
        "wait",
        "join",
        "_wait_for_tstate_lock",
    ):
        return frame.f_locals.get("timeout") in (None, -1)
    if _same(frame.f_code.co_filename, server.path):
        return any(line == frame.f_lineno for _, _, line in locks_around(frame, frame.f_lineno))
    return False


def _is_about_to_run(thread: threading.Thread) -> bool:
    """Whether the system says that the thread has been woken and waits for a processor only; Linux tells."""
    try:
        stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "R"  # proc(5)


def idle(server: Server, thread: threading.Thread) -> bool:
    """Whether the thread runs nothing of the student's: it is a worker of a pool, and waits for work."""
    return not student_frames(server, thread)


def inside(thread: threading.Thread, filename: str, function: str):
    """Return the thread's frame in which it waits in this function of the library, without a timeout, or None."""
    frame = sys._current_frames().get(thread.ident)
    while frame and (frame.f_code.co_filename, frame.f_code.co_name) != (filename, function):
        frame = frame.f_back
    patient = frame and frame.f_locals.get("timeout") is None and frame.f_locals.get("block", True)
    return frame if patient else None


def stuck_sends(server: Server) -> list[tuple]:
    """Return (thread, call) for each send that goes on for longer than a moment."""
    calls = [(thread, call) for thread, call in list(server.wire.inside.items()) if call.name in ("send", "sendall")]
    if calls:
        threading.Event().wait(0.2)
    return [(thread, call) for thread, call in calls if server.wire.inside.get(thread) is call]


# Which locks they hold


def locks_around(frame, lineno: int) -> list[tuple[str, object, int]]:
    """Return (name, lock, line) for each `with LOCK:` of this frame's source around the line."""
    found = []
    for node in ast.walk(_tree(frame.f_code.co_filename)):
        if isinstance(node, ast.With) and node.lineno <= lineno <= (node.end_lineno or node.lineno):
            if node.lineno < frame.f_code.co_firstlineno:
                continue
            for item in node.items:
                lock = _value(item.context_expr, frame)
                if hasattr(lock, "acquire") and hasattr(lock, "release"):
                    found.append((ast.unparse(item.context_expr), lock, node.lineno))
    return found


@functools.lru_cache(maxsize=8)
def _tree(filename: str) -> ast.AST:
    try:
        return ast.parse(Path(filename).read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        return ast.Module([], [])


def _value(expression: ast.expr, frame) -> object:
    """Return what a plain name or a chain of attributes stands for in the frame; None for anything else."""
    if isinstance(expression, ast.Name):
        return frame.f_locals.get(expression.id, frame.f_globals.get(expression.id))
    if isinstance(expression, ast.Attribute):
        return getattr(_value(expression.value, frame), expression.attr, None)
    return None


# How they have ended


def in_words(error: BaseException, path: Path) -> str:
    """Return the exception in words, with the student's own line."""
    line = _student_line(error, path)
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    if line is None:
        return f"{text}." + _advice(error, path)
    where = tr("{file}, line {number}, in {function}:", file=path.name, number=line.lineno, function=line.name)
    return f"{text}\n  {where}\n  {line.line}" + _advice(error, path)


def _advice(error: BaseException, path: Path) -> str:
    """Return a sentence, on a line of its own, about an exception that beginners do not expect."""
    if isinstance(error, UnicodeDecodeError) and path.parent.name.startswith("01"):
        return tr("\nA client may send any bytes at all, and an echo does not decode them.")
    if isinstance(error, UnicodeDecodeError):
        return tr(
            "\nA piece may end in the middle of a letter, and a client may send what is no text "
            "at all: decode whole lines, and expect this error then."
        )
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return tr("\nA client may vanish at any moment, and recv or sendall raises an OSError then: expect it.")
    return ""


def _student_line(error: BaseException, path: Path) -> traceback.FrameSummary | None:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _same(frame.filename, path)]
    return frames[-1] if frames else None


def _same(filename: str, path: Path) -> bool:
    return Path(filename).parent == path.parent
