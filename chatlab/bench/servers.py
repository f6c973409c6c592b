"""What `lab bench` measures: a student's file, ours, the peers. Each runs in a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..language import tr
from ..stages import SOLUTIONS, STATE

FOLDER = Path(__file__).resolve().parent
BUILT = STATE / "bench"
STARTING = 20  # seconds that a server has to start
BACKLOG = 4096  # connections that may wait for accept: in a storm all come at once


class Unmeasurable(ValueError):
    """Something cannot be measured here; the message is one sentence that says what is missing or wrong."""


@dataclass(frozen=True)
class Server:
    """One that is measured. The name is told in tables; kind is yours, ours or peer."""

    name: str
    path: Path
    kind: str = "peer"
    irc: bool = False  # speaks IRC, and opens its listener itself

    def missing(self) -> str:
        """Return what this machine lacks to run it, or nothing."""
        if self.path.suffix == ".c" and not compiler():
            return "a C compiler"
        if self.name == "uvloop" and not importlib.util.find_spec("uvloop"):
            return tr("the package uvloop")
        if self.irc and not find_ngircd():
            return "ngircd"
        return ""


PEERS = {
    server.name: server
    for server in (
        Server("naive", FOLDER / "peers" / "naive.py"),
        Server("locked", FOLDER / "peers" / "locked.py"),
        Server("queues", FOLDER / "peers" / "queues.py"),
        Server("socketserver", FOLDER / "peers" / "threading_server.py"),
        Server("streams", FOLDER / "peers" / "streams.py"),
        Server("protocol", FOLDER / "peers" / "protocol.py"),
        Server("uvloop", FOLDER / "peers" / "on_uvloop.py"),
        Server("selectors", FOLDER / "peers" / "batching.py"),
        Server("ngircd", FOLDER / "peers" / "ngircd.conf", irc=True),
        Server("epoll", FOLDER / "peers" / "epoll.c"),
    )
}


def our_server() -> Server:
    """Return the lab's own: the solution of the last stage."""
    path = max(SOLUTIONS.glob("[0-9][0-9]_*/server.py"))
    return Server(f"ours ({path.parent.name})", path, "ours")


def your_servers(paths: list[Path]) -> list[Server]:
    """Return one for each file; raises FileNotFoundError, or Unmeasurable for what is no Python file."""
    found: list[Server] = []
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(tr("There is no file {path}: give a server.py of stage 05 or later.", path=path))
        if path.suffix != ".py":
            raise Unmeasurable(tr("{path} is no Python file: give a server.py of stage 05 or later.", path=path))
        path = path.resolve()
        name = f"{path.parent.name}/{path.name}"
        if path not in {server.path for server in found}:
            known = {server.name for server in found}
            found.append(Server(str(path) if name in known else name, path, "yours"))
    return found


def choose(files: list[Path], peers: str) -> tuple[list[Server], dict[str, str]]:
    """Return what is to be measured, the student's files first, and which peers cannot be, with what is missing.

    peers: names parted by commas, all, or none. Raises ValueError for a name that is none of these, and what
    your_servers raises.
    """
    names = {"all": list(PEERS), "none": []}.get(peers, [name.strip() for name in peers.split(",")])
    for name in names:
        if name not in PEERS:
            raise ValueError(
                tr("There is no peer {name!r}. There are: {names}, or all, or none.", name=name, names=", ".join(PEERS))
            )
    missing = {name: what for name in dict.fromkeys(names) if (what := PEERS[name].missing())}
    yours, ours = your_servers(files), our_server()
    yours = [server for server in yours if server.path != ours.path]
    return [*yours, ours, *(PEERS[name] for name in dict.fromkeys(names) if name not in missing)], missing


def cores() -> tuple[int, int]:
    """Return the core for the server and the one for the load generator; -1, -1 where they must share one."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (allowed[0], allowed[-1]) if len(allowed) > 1 else (-1, -1)


def compiler() -> str | None:
    return shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc") or shutil.which("clang")


def find_ngircd() -> str | None:
    return shutil.which("ngircd", path=os.environ.get("PATH", "") + ":/usr/sbin")


def build(source: Path) -> Path:
    """Compile a C source, unless that was done before, and return the program; raises Unmeasurable."""
    if not sys.platform.startswith("linux"):
        raise Unmeasurable(tr("lab bench runs on Linux alone (its load generator uses epoll): take a virtual machine."))
    program = BUILT / f"{source.stem}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if program.exists():
        return program
    if not (cc := compiler()):
        raise Unmeasurable(
            tr(
                "lab bench needs a C compiler for its load generator; on Debian and Ubuntu: sudo apt "
                "install gcc libc6-dev"
            )
        )
    BUILT.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(f".{os.getpid()}")
    result = subprocess.run([cc, "-O2", "-o", unfinished, source], capture_output=True, text=True)
    if result.returncode:
        reason = next((line for line in result.stderr.splitlines() if "error" in line), tr("it gave no reason"))
        raise Unmeasurable(
            tr("{name} cannot compile {name2}: {reason}", name=Path(cc).name, name2=source.name, reason=reason)
        )
    unfinished.replace(program)
    return program


@dataclass
class Running:
    """A server that runs: where it listens, and what it says when it has to end."""

    port: int
    process: subprocess.Popen
    errors: IO[str]

    def last_words(self, patience: float) -> str:
        """Return the last line that it wrote as an error, where it ends within so many seconds; or nothing."""
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return ""
        self.errors.seek(0)
        return (self.errors.read().strip().splitlines() or [""])[-1]


@contextlib.contextmanager
def start(server: Server) -> Iterator[Running]:
    """Run the server on its core for the time of a with block; raises Unmeasurable where it does not start."""
    listener = socket.socket()
    with listener, tempfile.TemporaryFile("w+", errors="replace") as errors, tempfile.TemporaryDirectory() as folder:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        handed_on = (listener.fileno(),)
        if server.irc:
            listener.close()
            handed_on = ()
            settings = Path(folder) / "ngircd.conf"
            settings.write_text(server.path.read_text(encoding="utf-8").replace("PORT", str(port)), encoding="utf-8")
            command = [find_ngircd(), "--nodaemon", "--config", settings]
        else:
            listener.listen(BACKLOG)
            in_c = server.path.suffix == ".c"
            program = [build(server.path)] if in_c else [sys.executable, FOLDER / "host.py", server.path]
            command = [*program, str(listener.fileno())]
        with _on_core(cores()[0]):
            process = subprocess.Popen(
                command,
                pass_fds=handed_on,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if server.irc else subprocess.PIPE,
                stderr=errors,
                cwd=folder if server.irc else server.path.parent,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        running = Running(port, process, errors)
        try:
            if not (_accepts(port, process) if server.irc else _is_ready(process)):
                if process.poll() is None and not server.irc:
                    why = tr(
                        "its import does not come to an end; what starts it belongs behind if __name__ == '__main__'"
                    )
                else:
                    why = running.last_words(1) or tr("it ends at once")
                raise Unmeasurable(tr("{path} cannot be measured: {why}", path=server.path, why=why))
            listener.close()  # the server has it: when it ends, who connects must hear so
            yield running
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


@contextlib.contextmanager
def _on_core(core: int) -> Iterator[None]:
    """What is started in the block runs on this core: a process takes that over from the thread that starts it."""
    if core < 0:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _is_ready(process: subprocess.Popen) -> bool:
    """Wait until the process says that it is ready; False when it ends before, or takes too long."""
    said, deadline = b"", time.monotonic() + STARTING
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while b"ready\n" not in said:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return False
            if not (data := os.read(process.stdout.fileno(), 4096)):
                process.wait()
                return False
            said += data
    return True


def _accepts(port: int, process: subprocess.Popen) -> bool:
    """Wait until somebody listens on the port."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)  # not a bare sleep: it ends at once when the server does
    return False
