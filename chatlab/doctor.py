"""`lab doctor`: look whether this machine has what the lab needs, and say what to do where it has not.

Only the standard library is imported: it must run where nothing could be installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .language import error_text, spoken, tr, tr_n

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 10)
PORT = 9000  # where the lab's programs listen when they are told nothing else
ROOM = 300  # MB that .venv and all its extras may take
PATIENCE = 3.0  # seconds for a few bytes over loopback
MARKS = {"well": "✓", "note": "!", "wrong": "✗"}
PLAIN = {"well": "ok", "note": "! ", "wrong": "x "}


@dataclass(frozen=True)
class Finding:
    """One thing looked at. state: "well", "note" (it may trouble you) or "wrong" (the lab cannot work like this)."""

    state: str
    text: str
    advice: str = ""


def examine() -> int:
    """Print what was found, a line each; returns 0 where nothing stands in the lab's way, else 1."""
    marks = MARKS if _can_show("✓✗") else PLAIN
    wrong = 0
    for finding in findings():
        print(f"{marks[finding.state]} {finding.text}")
        if finding.advice:
            print(f"    {finding.advice}")
        wrong += finding.state == "wrong"
    print()
    if wrong:
        print(tr_n("{number} thing stands in the way.", "{number} things stand in the way.", wrong))
    else:
        print(tr("Nothing stands in the way."))
    return 1 if wrong else 0


def findings() -> Iterator[Finding]:
    """Yield what was found, one after the other."""
    yield python()
    yield environment()
    yield checkout()
    yield from files()
    yield loopback()
    yield port(PORT)
    yield from leftovers()
    yield terminal()


def _well(text: str) -> Finding:
    return Finding("well", text)


# Python and what is installed


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    text = tr("Python {version}, {path}", version=version, path=sys.executable)
    if sys.version_info[:2] < OLDEST:
        return Finding("wrong", text, tr("The lab needs Python 3.10 or newer: get one from https://www.python.org"))
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return Finding("note", text, tr("It has no global interpreter lock: races may show that other Pythons hide."))
    return _well(text)


def environment() -> Finding:
    """The packages that the tool needs."""
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        advice = tr("On Debian and Ubuntu: sudo apt install python3-venv. Elsewhere: install Python from python.org.")
        return Finding("wrong", tr("this Python cannot make a virtual environment"), advice)
    ready = ROOT / ".venv" / "chatlab-ready"
    if not ready.exists():
        free = shutil.disk_usage(ROOT).free // 2**20
        if free < ROOM:
            text = tr("only {free} MB are free on this disk", free=free)
            return Finding("wrong", text, tr("The tool needs about {room} MB: make room.", room=ROOM))
        return _well(tr("the tool is not installed yet: the first command does that (it needs a network once)"))
    needs = ["pytest", "rich", "textual", "watchfiles"]
    places = [*ROOT.glob(".venv/lib/python*/site-packages"), *ROOT.glob(".venv/Lib/site-packages")]
    missing = [name for name in needs if not any((place / name).exists() for place in places)]
    if missing:
        text = tr(".venv lacks {names}", names=", ".join(missing))
        return Finding("wrong", text, tr("Delete the folder .venv: the next command makes it anew."))
    return _well(tr("the tool is installed in .venv"))


# The files


def checkout() -> Finding:
    """Whether the lab's folder is whole, and can be written."""
    missing = [name for name in ("stages/stages.toml", "solutions", "tests/stages") if not (ROOT / name).exists()]
    if missing:
        text = tr("the lab's folder lacks {names}", names=", ".join(missing))
        return Finding("wrong", text, tr("Get the lab anew, with git clone; copy your stages/ into it."))
    closed = [folder for folder in (ROOT, ROOT / "stages") if not os.access(folder, os.W_OK)]
    if closed:
        text = tr("{folder} cannot be written", folder=closed[0])
        return Finding("wrong", text, tr("Put the lab's folder where you may write, such as your home folder."))
    return _well(tr("the lab's folder is whole, and can be written: {folder}", folder=ROOT))


def files() -> Iterator[Finding]:
    """Yield a finding for each file of the student's that Python or the checks would stumble over."""
    troubled = False
    for path in sorted((ROOT / "stages").glob("[0-9][0-9]_*/*.py")):
        name = f"{path.parent.name}/{path.name}"
        try:
            data = path.read_bytes()
            data.decode()
        except OSError as error:
            reason = tr("stages/{name} cannot be read: {reason}", name=name, reason=error_text(error))
            yield Finding("wrong", reason, tr("Look at the file's permissions."))
        except UnicodeDecodeError:
            advice = tr("Save it as UTF-8: Python reads nothing else.")
            yield Finding("wrong", tr("stages/{name} is not UTF-8", name=name), advice)
        else:
            if b"\0" not in data:
                continue
            advice = tr("Save it as UTF-8, not UTF-16: Python reads nothing else.")
            yield Finding("wrong", tr("stages/{name} has zero bytes in it", name=name), advice)
        troubled = True
    if not troubled:
        yield _well(tr("your files can be read"))
    shadows = {"socket", "threading", "queue", "logging", "time", "select"}
    for path in sorted((ROOT / "stages").glob("[0-9][0-9]_*/*.py")):
        if path.stem in shadows:
            name = f"{path.parent.name}/{path.name}"
            advice = tr("Give it another name: `import {module}` finds it first.", module=path.stem)
            yield Finding("wrong", tr("stages/{name} hides Python's own module of this name", name=name), advice)


# The network


def loopback() -> Finding:
    """Whether two programs of this machine can talk to each other."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE)
            with socket.create_connection(listener.getsockname(), PATIENCE) as near:
                far, _ = listener.accept()
                with far:
                    far.settimeout(PATIENCE)
                    near.sendall(b"hello")
                    came = b""
                    while len(came) < 5 and (piece := far.recv(5)):
                        came += piece
    except OSError as error:
        reason = tr("127.0.0.1 cannot be used: {reason}", reason=error_text(error))
        return Finding("wrong", reason, tr("A firewall or a VPN stands between: allow Python to use loopback."))
    if came != b"hello":
        text = tr("over 127.0.0.1 comes something else than was sent: {came}", came=came)
        return Finding("wrong", text, tr("A filter of the network changes it: switch it off for loopback."))
    return _well(tr("two programs on this machine can talk to each other (127.0.0.1)"))


def port(number: int) -> Finding:
    """Whether a server can listen where the lab's do."""
    listener = socket.socket()
    with listener:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the lab's servers do
        try:
            listener.bind(("127.0.0.1", number))
            listener.listen()
        except OSError as error:
            text = tr("port {number} cannot be used: {reason}", number=number, reason=error_text(error))
            return Finding("note", text, _who_holds(number))
    return _well(tr("port {number} is free", number=number))


def _who_holds(number: int) -> str:
    """Return what to do about a port that is taken."""
    other = f"python3 server.py 127.0.0.1 {number + 1}"
    for process, command in _processes():
        if number in _ports_of(process):
            return tr(
                "Process {process} holds it ({command}). End it with kill {process}, or take another port: {other}",
                **{"process": process, "command": command, "other": other},
            )
    look = {"nt": f"netstat -ano | findstr :{number}"}.get(os.name, f"lsof -i :{number}")
    return tr("See who holds it: {look}. End that, or take another port: {other}", look=look, other=other)


def _ports_of(process: int) -> set[int]:
    """Return the ports on which a process listens, as Linux tells; nothing elsewhere."""
    sockets = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):
                if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link)):
                    sockets.add(match[1])
    found = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/net/{table}", encoding="ascii") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in sockets:  # 0A: it listens
                    found.add(int(fields[1].rpartition(":")[2], 16))
    return found


def leftovers() -> Iterator[Finding]:
    """Yield a finding for each of the lab's programs that still runs."""
    found = False
    for process, command in _processes():
        match = re.search(r"\b(server|client)\.py\b", command)
        if not match or process == os.getpid():
            continue
        with contextlib.suppress(OSError):
            folder = Path(os.readlink(f"/proc/{process}/cwd"))
            if ROOT in folder.parents:
                found = True
                text = tr("{program} of {folder} still runs", program=match[0], folder=folder.relative_to(ROOT))
                yield Finding("note", text, tr("If you need it no more: kill {process}", process=process))
    if not found and Path("/proc/self").exists():
        yield _well(tr("no server or client of an earlier run is left"))


def _processes() -> Iterator[tuple[int, str]]:
    """Yield (id, command line) of every process that Linux shows; nothing elsewhere."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if command:
                yield int(folder.name), command


# The terminal


def terminal() -> Finding:
    encoding = sys.stdout.encoding
    if not _can_show("✓→жё"):
        text = tr("the terminal's encoding is {encoding}: it lacks letters that the lab shows", encoding=encoding)
        advice = tr("On Windows: chcp 65001. Elsewhere: export LANG=C.UTF-8. Or set PYTHONUTF8=1.")
        return Finding("note", text, advice)
    width, height = shutil.get_terminal_size()
    text = tr(
        "the terminal: {width} by {height}, {encoding}; the lab speaks {language}",
        **{"width": width, "height": height, "encoding": encoding, "language": spoken()},
    )
    if sys.stdout.isatty() and (width < 80 or height < 24):
        return Finding("note", text, tr("Make it 80 by 24 at least, or some lines are cut."))
    return _well(text)


def _can_show(letters: str) -> bool:
    try:
        letters.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
