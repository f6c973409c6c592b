"""A student's process, shut in: limits everywhere, and namespaces of its own where the system has them.

With namespaces (Linux, `unshare` and `setpriv` of util-linux) the process sees no other process, no network but a
loopback of its own, no home, no solutions and no other submission; its /tmp and its copy of the student's files are in
memory, of a bounded size, and gone when it ends; and so is every process that it has started. Without them there are
limits alone, and what it leaves running is looked for and ended.

This keeps a class's grades from accidents and from what a student may try in an afternoon. It is no boundary against
one who has an exploit for the kernel: for that, grade in a virtual machine.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import os
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import psutil

from ..language import mark

ROOT = Path(__file__).resolve().parents[2]
LIMITED = Path(__file__).with_name("limited.py")
MEMORY = 1 * 1024**3  # bytes, of all the processes of one student together
PROCESSES = 512  # and threads
DISK = 64 * 1024**2  # bytes, of each folder that can be written to
FIRST_UID = 50_000  # of users that nobody is: one for each sandbox, so that limits are counted for it alone
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # clone(2)
INSIDE = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MB of addresses for each
}


WAYS = {  # from the strongest
    "namespaces": mark("in namespaces and as a user of their own, with limits"),
    "user": mark(
        "as a user of their own, with limits, but without namespaces: they could read files and reach the network"
    ),
    "limits": mark("with limits alone: they could read and change whatever this user can"),
}


@functools.cache
def best_way() -> str:
    """Return the strongest of the ways that this system lets us use: tried, not guessed; containers forbid much."""
    return next(way for way in WAYS if way == "limits" or _works(way))


def _works(way: str) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    if way == "namespaces" and not (shutil.which("unshare") and shutil.which("setpriv")):
        return False
    if way == "user" and not (os.getuid() == 0 and _is_real_root()):
        return False
    code = (
        "import sys, subprocess, pathlib; from chatlab.grading import sandbox;"
        f"{way == 'namespaces'} and sandbox.leave_network();"
        f"sys.exit(subprocess.call(sandbox.command([sys.executable, '-c', 'pass'], pathlib.Path.cwd(), [], {way!r})))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        tried = subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parent, env=environment, capture_output=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def leave_network() -> None:
    """Go on in a network namespace that holds nothing but its own loopback. Connections that are open stay open.

    Raises OSError where the system forbids it. Linux only, before any thread is started.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEW_NETWORK if user == 0 else NEW_USER | NEW_NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    with socket.socket() as any_socket:  # netdevice(7): SIOCGIFFLAGS, SIOCSIFFLAGS; IFF_UP is 1
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, 0x8913, request))[1]
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def command(arguments: list[str], folder: Path, hidden: list[Path], way: str) -> list[str]:
    """Return the command that runs this one shut in, in a folder with the student's files.

    hidden: folders that it must not see. way: one of WAYS; with namespaces, only what has called leave_network may run
    the command.
    """
    processes = PROCESSES if way != "limits" else PROCESSES + _running()
    user = FIRST_UID + os.getpid() % 10_000 if os.getuid() == 0 and _is_real_root() and way != "limits" else 0
    limited = [sys.executable, "-I", "-S", str(LIMITED), str(processes), str(user), *arguments]
    if way != "namespaces":
        return limited
    script = "\n".join(_script(folder.resolve(), [path.resolve() for path in hidden]))
    shut_in = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child"]
    return [*shut_in, "/bin/sh", "-c", script, "sh", *limited]


def _script(folder: Path, hidden: list[Path]) -> list[str]:
    """Return the lines of shell that lay out the file system, and then run what follows them."""
    shown = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT}
    shown |= {Path(sys.base_exec_prefix).resolve(), Path(os.path.realpath(sys.executable)).parents[1]}
    covered = {Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.home().resolve()}
    for path in (*shown, folder):  # what only its owner may walk through
        covered |= {parent for parent in path.parents if not parent.stat().st_mode & 0o001}
    covered = sorted((path for path in covered if path.is_dir() and path != Path("/")), key=lambda path: path.parts)
    covered = [path for path in covered if not any(parent in covered for parent in path.parents)]
    shown = sorted(path for path in shown if path != Path("/usr"))
    quote = lambda path: shlex.quote(str(path))
    lines = ["set -e", f"exec 9<{quote(folder)}"]
    lines += [f"exec {number}<{quote(path)}" for number, path in enumerate(shown, start=4)]
    lines += [f"mount -t tmpfs -o size={DISK},mode=1777,nosuid,nodev tmpfs {quote(path)}" for path in covered]
    for number, path in enumerate(shown, start=4):
        if any(parent in covered for parent in (path, *path.parents)):
            lines += [
                f"mkdir -p {quote(path)}",
                f"mount --no-canonicalize --rbind /proc/self/fd/{number} {quote(path)}",
            ]
        lines.append(f"exec {number}<&-")
    inside = [path for path in (ROOT / "solutions", ROOT / "tests", ROOT / ".lab", ROOT / ".git", *hidden)]
    for path in inside:
        lines.append(f"[ ! -d {quote(path)} ] || mount -t tmpfs -o size=64k,mode=755 tmpfs {quote(path)}")
    lines += [
        f"mkdir -p {quote(folder)}",
        f"mount -t tmpfs -o size={DISK},mode=1777,nosuid,nodev tmpfs {quote(folder)}",
        f"cp -r /proc/self/fd/9/. {quote(folder)}",
        "exec 9<&-",
        "mount -t proc proc /proc",
        f"cd {quote(folder)}",
    ]
    lines.append(f"chmod -R a+rwX {quote(folder)}")  # limited.py gives up every privilege
    lines.append('exec "$@"')
    return lines


def _running() -> int:
    """Return how many processes and threads this user has already: they count for the limit."""
    mine, count = psutil.Process().username(), 0
    for process in psutil.process_iter(["username", "num_threads"]):
        count += (process.info["num_threads"] or 1) if process.info["username"] == mine else 0
    return count


def _is_real_root() -> bool:
    """Whether user 0 is the machine's: in a user namespace of our own there is nobody else to become."""
    return Path("/proc/self/uid_map").read_text().split()[2] != "1"


def innermost(process: psutil.Popen | subprocess.Popen) -> psutil.Process:
    """Return the student's own process of this command. Raises psutil.NoSuchProcess where it has ended."""
    found = psutil.Process(process.pid)
    while found.name() == "unshare" and (children := found.children()):
        found = children[0]
    return found


# What is left


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, and end with our own parent. Linux only."""
    if sys.platform.startswith("linux"):
        prctl = ctypes.CDLL(None).prctl
        prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER, prctl(2)
        prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: a grader that is killed leaves nothing running


def end_all() -> int:
    """Kill every process that descends from this one; returns how many there were."""
    count = 0
    for _ in range(50):  # one may start another while it is looked for
        left = psutil.Process().children(recursive=True)
        if not left:
            break
        for process in left:
            try:
                process.kill()
                count += 1
            except psutil.Error:
                pass
        psutil.wait_procs(left, 1)
    return count


def watch_memory() -> threading.Thread:
    """Kill what descends from this process when all of it together takes more than MEMORY; from a thread of its own."""

    def watch() -> None:
        while True:
            threading.Event().wait(0.25)
            processes = psutil.Process().children(recursive=True)
            total = 0
            for process in processes:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    pass
            if total > MEMORY:
                end_all()

    thread = threading.Thread(target=watch, name="watches memory", daemon=True)
    thread.start()
    return thread
