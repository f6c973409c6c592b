"""What the notebooks share: the lab's own programs, run and shown. No code is pasted into a notebook a second time."""

from __future__ import annotations

import ast
import html
import importlib.util
import itertools
import queue
import re
import select
import selectors
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace

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
    """Show the failure that the explorer found, to step through with the arrow keys, in an exported page too."""
    page = html.escape(verdict.html(), quote=True)
    frame = f'<iframe srcdoc="{page}" style="width: 100%; height: {height}px; border: 1px solid #888"></iframe>'
    return HTML(f"<div>{frame}</div>")  # IPython warns of a bare iframe


def catalogue(name: str, twin: bool = False, change: tuple[str, str] | None = None):
    """Return (setup, workers, check) of a bug in the explorer's catalogue, or of its mended twin.

    change: (old, new), a piece of its text that is exchanged for another before it is loaded.
    """
    import linecache
    import tempfile

    from chatlab.explorer.search import component

    path = ROOT / CATALOGUE / ("twins" if twin else "bugs") / f"{name}.py"
    if change is None:
        return component(path)
    text = path.read_text(encoding="utf-8")
    if change[0] not in text:
        raise LookupError(f"{name} has no {change[0]!r}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}_{next(_numbers)}.py"
        path.write_text(text.replace(*change), encoding="utf-8")
        found = component(path)
        linecache.getlines(str(path))  # the explorer reads the text from here when the file is gone
        return found


def waits_for(verdict) -> None:
    """Draw who waits for whom in a failure that the explorer found: threads are round, all else is square."""
    import math

    import matplotlib.pyplot as plt

    lock = r"(\S+) waits for (\S+) \(line (\d+)\), which (?:(it) holds itself|(\S+) holds)"
    arrows = [(who, holder or who, f"{what}\n(line {line})") for who, what, line, _, holder in
              re.findall(lock, verdict.failure.message)]  # fmt: skip
    holders = {holder for _, holder, _ in arrows}
    for who, peer, line in re.findall(
        r"(\S+) waits for room in the full buffer of (\w+) \(line (\d+)\)", verdict.failure.message
    ):
        if who in holders:
            arrows.append((who, peer, f"room in its buffer\n(line {line})"))
    names = list(dict.fromkeys(name for who, to, _ in arrows for name in (who, to)))
    ring = {who for who, _, _ in arrows} >= set(names)
    place = {}
    for number, name in enumerate(names):
        angle = math.pi - 2 * math.pi * number / len(names)
        place[name] = (
            (1.8 * math.cos(angle), 1.25 * math.sin(angle)) if ring else (-2.3 + 4.6 * number / (len(names) - 1), 0)
        )
    if len(names) == 1:
        place[names[0]] = (-0.9, 0)
    figure, axes = plt.subplots(figsize=(7, (1.8, 2.6, 4)[min(len(names), 3) - 1] if ring else 1.8))
    for who, to, label in arrows:
        (x1, y1), (x2, y2) = place[who], place[to]
        style = {"arrowstyle": "-|>,head_width=0.4,head_length=0.7", "color": "black", "linewidth": 1.8}
        if who == to:
            style |= {"connectionstyle": "arc3,rad=-1.6", "shrinkA": 3, "shrinkB": 3}
            axes.annotate("", (x1 + 0.45, y1 - 0.25), (x1 + 0.45, y1 + 0.25), arrowprops=style)
            axes.text(x1 + 1.1, y1, label, va="center", fontsize=9)
            continue
        bend = -0.35 if ring and len(names) == 2 else 0
        style |= {"connectionstyle": f"arc3,rad={bend}", "shrinkA": 28, "shrinkB": 28}
        axes.annotate("", (x2, y2), (x1, y1), arrowprops=style)
        x, y = (x1 + x2) / 2 + bend * (y2 - y1) / 2, (y1 + y2) / 2 - bend * (x2 - x1) / 2
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.text(x, y if ring else 0.45, label, ha="center", va="center", fontsize=9, bbox=paper)
    waiting = {who for who, _, _ in arrows}
    for name, (x, y) in place.items():
        shape = "round,pad=0.5" if name in waiting else "square,pad=0.6"
        box = {
            "boxstyle": shape,
            "facecolor": "white" if name in waiting else "0.85",
            "edgecolor": "black",
            "linewidth": 1.5,
        }
        axes.text(x, y, name, ha="center", va="center", bbox=box)
    axes.set(xlim=(-2.9, 2.9), ylim=(-1.5, 1.5) if ring and len(names) > 2 else (-0.8, 0.8))
    axes.axis("off")
    axes.set_title("Who waits for whom")
    plt.show()


def lanes(verdict, among: tuple[str, ...] = ()) -> None:
    """Draw the failing schedule, a lane for each thread: where it runs, holds a lock, and waits. among: these."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    events = [event for event in verdict.events if event.kind not in ("failure", "start") and event.thread != "setup"]
    if among:
        events = [event for event in events if event.thread in among]
    names = list(dict.fromkeys(event.thread for event in events))
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.75 * len(names)))
    for row, name in enumerate(names):
        own = [(at, event) for at, event in enumerate(events) if event.thread == name]
        for (at, event), (until, _) in zip(own, own[1:] + [(len(events) + 0.5, None)]):
            last = until > len(events)
            if event.held and not (last and event.kind == "end"):
                axes.barh(row, until - at, 0.62, at, color="0.85", hatch="///", edgecolor="0.35", linewidth=0)
            if event.waits:
                axes.barh(row, until - at, 0.26, at, color="white", edgecolor="black", linestyle="--")
        axes.plot([at for at, _ in own], [row] * len(own), "o", color="black", markersize=4)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(-0.7, len(events) + 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("step of the failing schedule (number, in the order taken)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(False)
    signs = [
        plt.Line2D([], [], marker="o", color="black", linestyle="", markersize=4, label="a step of this thread"),
        Patch(facecolor="0.85", hatch="///", edgecolor="0.35", label="holds a lock"),
        Patch(facecolor="white", edgecolor="black", linestyle="--", label="waits"),
    ]
    axes.legend(handles=signs, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9, frameon=False)
    plt.show()


# Slow readers (notebook 05): clients, full buffers, and a look into the outboxes


@contextmanager
def hosted(module: ModuleType, send_buffer: int | None = None) -> Iterator[tuple]:
    """Run module.serve as serving does; give the address, the thread, and a function that closes the listener.

    send_buffer: SO_SNDBUF of every connection that the server accepts.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    if send_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)  # those it accepts inherit it
    thread = threading.Thread(target=module.serve, args=(listener,), daemon=True)
    thread.start()

    def stop() -> None:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()

    try:
        yield listener.getsockname(), thread, stop
    finally:
        stop()
        thread.join(LIMIT)


def join(address: tuple[str, int], receive_buffer: int | None = None) -> socket.socket:
    """Connect to a chat and read the own number; no wait on this connection is longer than LIMIT."""
    connection = socket.socket()
    try:
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)  # before connect, or too late
        connection.settimeout(LIMIT)
        connection.connect(address)
        line = b""
        while not line.endswith(b"\n"):  # byte by byte: what comes after it stays where it is
            byte = connection.recv(1)
            if not byte:
                raise ConnectionError(f"the server ended the connection after {line!r}")
            line += byte
    except BaseException:
        connection.close()
        raise
    return connection


def hear(
    connection: socket.socket,
    lines: int | None = None,
    quiet: float = LIMIT,
    mark: bytes = b"\n",
    notes: list[tuple[float, int]] | None = None,
) -> tuple[list[str], str]:
    """Read so many lines, or until nothing comes for `quiet` seconds, or to the end; give them, and why it stopped.

    Only lines that end with `mark` count. notes: gets (time, lines so far) of each piece that comes.
    """
    connection.settimeout(quiet)
    data, count, why = bytearray(), 0, "all there"
    while lines is None or count < lines:
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            why = "silence"
            break
        except OSError:
            why = "reset"
            break
        if not piece:
            why = "end"
            break
        before = max(0, len(data) - len(mark) + 1)  # the mark may have come in two pieces
        data += piece
        count += data.count(mark, before)
        if notes is not None:
            notes.append((time.perf_counter(), count))
    return data.decode().split("\n")[:-1], why


def flood(path: Path | str, lines: int, quiet: float = 2.5, **constants) -> SimpleNamespace:
    """Three join: max, who does not read, bob, who does, and ann, who says so many lines of 900 bytes.

    When bob has heard all, or nothing for `quiet` seconds, max begins to read as well, but not before `quiet` seconds
    have passed. Gives what bob heard before that and after it, what max heard, why each stopped, notes of when (seconds
    since the first line), and the outboxes in the order in which their owners came.
    """
    module, outboxes = recorded(path, **constants)
    mark = b"#\n"
    said = b"".join(f"{number:05} {'.' * 893}#\n".encode() for number in range(lines))
    now = SimpleNamespace(path=str(path), outboxes=outboxes, notes=[], begin=time.perf_counter())
    own = lambda heard: [line for line in heard if line.endswith("#")]
    with hosted(module, 16 * 1024) as (address, _, _):
        with join(address, 4096) as max_, join(address) as bob, join(address) as ann:
            speaker = threading.Thread(target=_pour, args=(ann, said), daemon=True)
            speaker.start()
            heard, now.bob_why = hear(bob, lines, quiet, mark, now.notes)
            threading.Event().wait(max(0.0, now.begin + quiet - time.perf_counter()))  # max sleeps, and others may work
            now.bob, now.woke = own(heard), time.perf_counter() - now.begin
            late = threading.Thread(target=lambda: setattr(now, "max_all", hear(max_, lines, quiet, mark)), daemon=True)
            late.start()
            count, notes = len(now.bob), []
            heard, _ = hear(bob, lines - count, quiet, mark, notes) if count < lines else ([], "")
            now.bob_later = own(heard)
            now.notes = [(at - now.begin, n) for at, n in now.notes + [(at, n + count) for at, n in notes]]
            late.join(LIMIT)
            now.max, now.max_why = own(now.max_all[0]), now.max_all[1]
        speaker.join(LIMIT)
    return now


def _pour(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # the scene is over
        connection.sendall(data)


def fill(send_buffer: int | None = None, receive_buffer: int | None = None, read: int = 0) -> tuple[int, int]:
    """Send on a new connection until send would block, nobody reading: the bytes that were taken.

    Then read so many bytes at the other end, and send again: the second number is what was taken then.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as sender:
        if receive_buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if send_buffer:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        sender.connect(listener.getsockname())
        reader, _ = listener.accept()
        with reader:
            first = _send_until_full(sender)
            reader.settimeout(LIMIT)
            left = read
            while left > 0:
                left -= len(reader.recv(left))
            return first, _send_until_full(sender) if read else 0


def _send_until_full(sender: socket.socket) -> int:
    sender.setblocking(False)
    sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each piece goes at once, or this takes long
    taken = 0
    while select.select([], [sender], [], 0.05)[1]:  # not writable for 0.05 s: what is on its way has arrived
        with suppress(BlockingIOError):
            taken += sender.send(bytes(1000))
    return taken


class Outbox(queue.Queue):
    """A queue that remembers when it had how many lines, and how long who put one was patient in vain."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self.history: list[tuple[float, int]] = []  # (time in seconds, lines)
        self.in_vain: list[tuple[float, float]] = []  # (when, timeout) of each put that waited in vain

    def _put(self, item) -> None:
        super()._put(item)
        self.history.append((time.perf_counter(), self._qsize()))

    def _get(self):
        item = super()._get()
        self.history.append((time.perf_counter(), self._qsize()))
        return item

    def put(self, item, block: bool = True, timeout: float | None = None) -> None:
        try:
            super().put(item, block, timeout)
        except queue.Full:
            if block:
                self.in_vain.append((time.perf_counter(), timeout))
            raise


def recorded(path: Path | str, **constants) -> tuple[ModuleType, list[Outbox]]:
    """Import a program of the lab with its queues replaced by Outbox; give it, and the list they come into as made.

    constants: names of the program to set, such as PATIENCE=0.2.
    """
    module, made = load(path), []

    def new(maxsize: int = 0) -> Outbox:
        made.append(Outbox(maxsize))
        return made[-1]

    if hasattr(module, "Queue"):
        module.Queue = new
    else:
        module.queue = SimpleNamespace(Queue=new, Full=queue.Full, Empty=queue.Empty)
    for name, value in constants.items():
        if not hasattr(module, name):
            raise AttributeError(f"{path} has no {name}")
        setattr(module, name, value)
    return module, made


def wakes(act: Callable[[socket.socket, socket.socket], None], patience: float = 1.0) -> str:
    """Let a thread wait in recv, call act(its connection, the peer), and tell what recv did within the patience."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname(), LIMIT)
        mine, _ = listener.accept()
    outcome, begins = [], threading.Event()

    def receives() -> None:
        begins.set()
        try:
            outcome.append(f"recv returned {mine.recv(1)!r}")
        except OSError as error:
            outcome.append(f"recv raised {type(error).__name__}")

    thread = threading.Thread(target=receives, daemon=True)
    thread.start()
    begins.wait(LIMIT)
    _asleep(thread)
    act(mine, peer)
    thread.join(patience)
    told = outcome[0] if outcome else "still waiting"
    with suppress(OSError):
        peer.shutdown(socket.SHUT_RDWR)  # the end from over there wakes it in any case
    peer.close()
    thread.join(LIMIT)
    mine.close()
    return told


def _asleep(thread: threading.Thread) -> None:
    """Wait until the thread waits in the system, as Linux tells; elsewhere for half a second."""
    deadline = time.monotonic() + (LIMIT if sys.platform == "linux" else 0.5)
    seen = 0
    while time.monotonic() < deadline and seen < 20:
        thread.join(0.005)
        if sys.platform == "linux":
            stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
            seen = seen + 1 if stat.rpartition(")")[2].split()[0] == "S" else 0


# Measuring (notebook 06): a server in a process of its own, a load, and a listener that counts calls


_NO_DELAY = """
import runpy, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # those it accepts inherit it
print("listening on %s:%d" % listener.getsockname(), flush=True)
runpy.run_path(sys.argv[1])["serve"](listener)
"""


@contextmanager
def started(path: Path | str, no_delay: bool = False) -> Iterator[tuple[str, int]]:
    """Run a program of the lab in a process of its own, give its address, and end the process.

    no_delay: its serve gets a listener with TCP_NODELAY.
    """
    if no_delay:
        command = [sys.executable, "-c", _NO_DELAY, str(ROOT / path)]
    else:
        command = [sys.executable, "-u", str(ROOT / path), "127.0.0.1", "0"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, text=True) as process:
        late = threading.Timer(LIMIT, process.kill)
        late.start()
        try:
            words = process.stdout.readline().split()  # listening on HOST:PORT
            if words[:2] != ["listening", "on"]:
                raise RuntimeError(f"{path} does not listen, it says: {' '.join(words)!r}")
            host, _, port = words[2].rpartition(":")
            late.cancel()
            yield host, int(port)
        finally:
            late.cancel()
            process.kill()


class Load:
    """So many clients of one chat, all played by one thread. A `with` sees them off."""

    WAVE = 250  # lines on their way to one client, fewer than an outbox holds: or we measure the server's patience
    MARK = b"~"  # ends each line that is counted; no other line of the chat has one

    def __init__(self, address: tuple[str, int], clients: int) -> None:
        self.connections: list[socket.socket] = []
        self.selector = selectors.DefaultSelector()
        try:
            for number in range(clients):
                self.connections.append(join(address))
                self.connections[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections[-1].setblocking(False)
                self.selector.register(self.connections[-1], selectors.EVENT_READ, number)
            self.flood(1)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *exception) -> None:
        self.selector.close()
        deadline = time.monotonic() + 5
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        for connection in self.connections:  # stage 05 ends who speaks to a dead client: be gone before others come
            with connection, suppress(OSError):
                connection.settimeout(max(0.01, deadline - time.monotonic()))
                while connection.recv(65536):
                    pass

    def flood(self, lines: int, size: int = 40) -> float:
        """Each client says so many lines, in waves as fast as the server takes them: the deliveries in a second."""
        others, begin = len(self.connections) - 1, time.perf_counter()
        left = lines
        while left:
            wave = min(left, max(1, self.WAVE // others))
            self._wave(wave, size)
            left -= wave
        return lines * len(self.connections) * others / (time.perf_counter() - begin)

    def _wave(self, lines: int, size: int) -> None:
        line = b"." * (size - 2) + self.MARK + b"\n"
        left = {connection: memoryview(line * lines) for connection in self.connections}
        wanted = lines * len(self.connections) * (len(self.connections) - 1)
        for connection in left:
            self._watch(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
        heard, begin = 0, time.perf_counter()
        while heard < wanted or left:
            for key, events in self._events(begin):
                if events & selectors.EVENT_WRITE:
                    rest = left[key.fileobj][key.fileobj.send(left[key.fileobj]) :]
                    left[key.fileobj] = rest
                    if not rest:
                        del left[key.fileobj]
                        self._watch(key.fileobj, selectors.EVENT_READ)
                if events & selectors.EVENT_READ:
                    heard += self._count(key.fileobj)

    def pings(self, lines: int, size: int = 40) -> list[float]:
        """One line at a time, each client in its turn: the seconds until each of the others had it."""
        line = b"." * (size - 2) + self.MARK + b"\n"
        took = []
        for speaker in itertools.islice(itertools.cycle(self.connections), lines):
            wanted, begin = len(self.connections) - 1, time.perf_counter()
            speaker.send(line)
            while wanted:
                for key, _ in self._events(begin):
                    heard = self._count(key.fileobj)
                    took += [time.perf_counter() - begin] * heard
                    wanted -= heard
        return took

    def _watch(self, connection: socket.socket, events: int) -> None:
        self.selector.modify(connection, events)

    def _events(self, begin: float) -> list:
        if time.perf_counter() - begin > LIMIT:
            raise TimeoutError(f"not done within {LIMIT} s")
        return self.selector.select(LIMIT)

    def _count(self, connection: socket.socket) -> int:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("the server has ended a connection")
        return data.count(self.MARK)


def calls(path: Path | str, clients: int, lines: int) -> Counter:
    """Count what the server calls while each client says so many lines, one at a time: recv, sendall."""
    counts: Counter = Counter()
    lock = threading.Lock()

    class Counting(socket.socket):
        def accept(self):
            fd, address = self._accept()
            return Counting(self.family, self.type, self.proto, fileno=fd), address

        def recv(self, *arguments):
            with lock:
                counts["recv"] += 1
            return super().recv(*arguments)

        def sendall(self, *arguments):
            with lock:
                counts["sendall"] += 1
            return super().sendall(*arguments)

    with socket.create_server(("127.0.0.1", 0)) as plain:
        listener = Counting(plain.family, plain.type, plain.proto, fileno=plain.detach())
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    thread = threading.Thread(target=load(path).serve, args=(listener,), daemon=True)
    thread.start()
    try:
        with Load(listener.getsockname(), clients) as everyone:
            with lock:
                counts.clear()
            everyone.pings(lines * clients)
            with lock:
                return Counter(counts)
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(LIMIT)


def switches(path: Path | str, clients: int, lines: int, flood: bool) -> float | None:
    """How often a thread of the server gave up its core to wait, for each delivery; None on Windows.

    Each client says so many lines: all at once, or (flood=False) each waits until the one before has arrived.
    """
    try:
        import resource
    except ImportError:
        return None

    def waits(lines: int) -> int:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw
        with started(path, no_delay=True) as address, Load(address, clients) as everyone:
            if lines and flood:
                everyone.flood(lines)
            elif lines:
                everyone.pings(lines * clients)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw - before  # the process has ended: it counts now

    return (waits(lines) - waits(0)) / (lines * clients * (clients - 1))
