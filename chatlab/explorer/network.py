"""Simulated sockets: what the explored program gets from `import socket`, without any network.

As on Linux: a receive buffer takes so many bytes, then `send` waits; `recv` returns what there is, and where the
scenario says so less; FIN after `shutdown` or `close`, RST after a reset or a close with bytes unread; `close` does not
wake a thread that waits in `accept` or `recv`, `shutdown` does (ip(7), tcp(7), shutdown(2)).
"""

from __future__ import annotations

import errno
import io
import socket as real
import types
from typing import Any

from ..language import tr
from . import scheduler
from .scheduler import Refused, Run
from .sync import _Shared

ROOM = 65_536  # bytes that the receiver's buffer takes, where a scenario does not say less
FIRST_PORT = 40_000


class _Pipe(_Shared):
    """One direction of a connection."""

    def __init__(self, run: Run, room: int) -> None:
        self._begin()
        self.data = bytearray()
        self.room = room
        self.ended = False  # FIN: nothing more will be sent
        self.reset = False
        self.deaf = False  # the receiver is gone: what comes is answered with RST
        self.label = ""


class Network:
    """The network of one run: its ports and its connections."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.listeners: dict[int, socket] = {}
        self.pipes: list[_Pipe] = []
        self.descriptors = 2
        self.room = ROOM
        self.cuts = False  # whether recv may return less than there is

    def in_flight(self) -> tuple[tuple[str, str], ...]:
        """Return (direction, bytes) for each direction in which bytes are on their way."""
        return tuple((pipe.label, scheduler.short(bytes(pipe.data))) for pipe in self.pipes if pipe.data)


def network() -> Network:
    run = scheduler.RUN
    if run is None:
        raise RuntimeError(tr("the run that this socket belongs to is over"))
    if run.network is None:
        run.network = Network(run)
    return run.network


class socket(_Shared):
    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        if fileno is not None:
            raise Refused(tr("socket(fileno=...) is not simulated."))
        net = network()
        self._begin()
        net.descriptors += 1
        self.family = real.AF_INET if family == -1 else family
        self.type = real.SOCK_STREAM if type == -1 else type
        self.proto = max(0, proto)
        if self.type != real.SOCK_STREAM:
            raise Refused(tr("only SOCK_STREAM sockets are simulated."))
        self._number = net.descriptors
        self._timeout: float | None = None
        self._incoming: _Pipe | None = None
        self._outgoing: _Pipe | None = None
        self._address: tuple[str, int] | None = None
        self._peer: tuple[str, int] | None = None
        self._queue: list[socket] | None = None  # of a listener: who is still to be accepted
        self._down = False  # a listener that was shut down
        self._closed = False
        self._files = 0  # made by makefile and still open
        self._close_wanted = False
        self.who = ""  # whom the other end belongs to

    def __enter__(self) -> socket:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<socket {self.label}>"

    @property
    def label(self) -> str:
        if self._queue is not None:
            return tr("the listener")
        return tr("the socket of {who}", who=self.who) if self.who else "a socket"

    # Waiting, and errors

    def _open(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, "Bad file descriptor")

    def _connected(self) -> None:
        self._open()
        if self._incoming is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    def _wait(self, thing: _Shared, ready: Any, waits: str, flags: int = 0) -> None:
        run = scheduler.RUN
        if run.mine():
            run.current.switchable = True  # a call on a socket lets go of the interpreter
        if self._timeout == 0 or flags & getattr(real, "MSG_DONTWAIT", 0):
            run.sync(thing, None, "")
            if not ready():
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        elif not run.sync(thing, ready, waits, self._timeout):
            raise TimeoutError("timed out")

    def _note(self, kind: str, text: str) -> None:
        run = scheduler.RUN
        if run.events is not None and run.mine():
            run.note(kind, text)

    def _moved(self) -> None:
        scheduler.RUN.options = None

    # A listener

    def bind(self, address: tuple[str, int]) -> None:
        self._open()
        host, port = address
        if port in network().listeners:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        self._address = (host or "0.0.0.0", port or FIRST_PORT + self._number)

    def listen(self, backlog: int = 128) -> None:
        self._open()
        if self._address is None:
            self.bind(("", 0))
        self._queue = []
        network().listeners[self._address[1]] = self
        self._moved()

    def accept(self) -> tuple[socket, tuple[str, int]]:
        self._open()
        if self._queue is None or (self._down and not self._queue):
            raise OSError(errno.EINVAL, "Invalid argument")
        self._wait(self, lambda: self._queue or self._down, tr("a client to connect"))
        if not self._queue:
            raise OSError(errno.EINVAL, "Invalid argument")
        connection = self._queue.pop(0)
        self._note("other", tr("accepts {}").format(connection.who))
        return connection, connection._peer

    # A client's end

    def connect(self, address: tuple[str, int]) -> None:
        self._open()
        net = network()
        port = Port(address[1])
        scheduler.RUN.sync(port, None, "")
        listener = net.listeners.get(address[1])
        if listener is None or listener._down or listener._closed:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        other = socket()
        self._address, self._peer = ("127.0.0.1", 50_000 + self._number), tuple(address[:2])
        other._address, other._peer = self._peer, self._address
        run = scheduler.RUN
        me = run.current.name if run.current else tr("the setup")
        _link(self, other, self.who_i_am or me, "server")
        listener._queue.append(other)
        run.touch(((listener.key, True),)) if run.mine() else None
        self._moved()
        self._note("other", tr("connects"))

    who_i_am = ""  # a scripted client's name
    room: int | None = None  # bytes that its receive buffer takes, where that is not the network's default

    def connect_ex(self, address: tuple[str, int]) -> int:
        try:
            self.connect(address)
        except OSError as error:
            return error.errno
        return 0

    # Bytes

    def recv(self, size: int, flags: int = 0) -> bytes:
        self._connected()
        pipe = self._incoming
        self._wait(pipe, lambda: pipe.data or pipe.ended or pipe.reset, tr("bytes from {who}", who=self.who), flags)
        if pipe.reset and not pipe.data:
            self._note("recv", tr("recv: {who} has reset the connection", who=self.who))
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        count = min(size, len(pipe.data))
        if network().cuts and count > 1 and self._server_side:
            ways = _cuts(pipe.data, count)
            count = ways[scheduler.RUN.cut(len(ways))]
        data = bytes(pipe.data[:count])
        if not flags & real.MSG_PEEK:
            del pipe.data[:count]
        self._moved()
        self._note("recv", tr("gets {data} from {who}", data=scheduler.short(data), who=self.who))
        return data

    _server_side = False

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        data = self.recv(nbytes or len(buffer), flags)
        memoryview(buffer).cast("B")[: len(data)] = data
        return len(data)

    def send(self, data: Any, flags: int = 0) -> int:
        self._connected()
        pipe = self._outgoing
        data = bytes(data)
        if pipe.ended:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        room = lambda: len(pipe.data) < pipe.room or pipe.reset or pipe.deaf
        self._wait(pipe, room, tr("room in the full buffer of {who}", who=self.who), flags)
        if pipe.reset:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        if pipe.deaf:  # the first send is taken; the answer to it is RST
            pipe.reset = self._incoming.reset = True
            self._note("send", tr("sends {data} to {who}, who is gone", data=scheduler.short(data), who=self.who))
            return len(data)
        count = min(len(data), pipe.room - len(pipe.data))
        pipe.data += data[:count]
        self._moved()
        self._note("send", tr("sends {data} to {who}", data=scheduler.short(data[:count]), who=self.who))
        return count

    def sendall(self, data: Any, flags: int = 0) -> None:
        data = bytes(data)
        while data:
            data = data[self.send(data, flags) :]

    def shutdown(self, how: int) -> None:
        self._open()
        run = scheduler.RUN
        if self._queue is not None:
            run.sync(self, None, "")
            self._down = True
        else:
            self._connected()
            if self._outgoing.reset or self._outgoing.deaf:
                raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
            if how in (real.SHUT_WR, real.SHUT_RDWR):
                run.sync(self._outgoing, None, "")
                self._outgoing.ended = True
            if how in (real.SHUT_RD, real.SHUT_RDWR):
                run.sync(self._incoming, None, "")
                self._incoming.ended = True
        self._moved()
        self._note("other", tr("shuts {label} down", label=self.label))

    def close(self) -> None:
        if self._files > 0:
            self._close_wanted = True
            return
        run = scheduler.RUN
        if self._closed or run is None or run.ending:
            self._closed = True
            return
        run.sync(self._outgoing or self, None, "")
        self._closed = True
        if self._queue is not None:
            network().listeners.pop(self._address[1], None)
        if self._outgoing:
            if self._incoming.data:  # unread bytes are lost, and the peer is told by RST when it has read what came
                self._outgoing.reset = True
            self._outgoing.ended = self._incoming.deaf = True
            self._incoming.data.clear()
        self._moved()
        self._note("other", tr("closes {}").format(self.label))

    def reset(self) -> None:
        """Vanish with RST: for scripted clients, who in a real network would close with SO_LINGER 0."""
        scheduler.RUN.sync(self._outgoing, None, "")
        self._outgoing.reset = self._incoming.reset = True  # what was sent before can still be read
        self._incoming.data.clear()
        self._closed = True
        self._moved()
        self._note("other", tr("resets the connection"))

    # The rest

    def makefile(
        self, mode: str = "r", buffering: int | None = None, *, encoding=None, errors=None, newline=None
    ) -> Any:
        raw = real.SocketIO(self, "".join(letter for letter in mode if letter in "rw"))
        self._files += 1
        if buffering == 0:
            return raw
        size = io.DEFAULT_BUFFER_SIZE if buffering in (None, -1, 1) else buffering
        if "r" in mode and "w" in mode:
            buffer: Any = io.BufferedRWPair(raw, raw, size)
        else:
            buffer = io.BufferedWriter(raw, size) if "w" in mode else io.BufferedReader(raw, size)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline, buffering == 1)

    def _decref_socketios(self) -> None:
        self._files -= 1
        if self._close_wanted and self._files <= 0:
            self.close()

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        return self._timeout

    timeout = property(gettimeout)

    def setblocking(self, blocking: bool) -> None:
        self._timeout = None if blocking else 0.0

    def getblocking(self) -> bool:
        return self._timeout != 0

    def setsockopt(self, *arguments: Any) -> None:
        self._open()

    def getsockopt(self, *arguments: Any) -> int:
        self._open()
        return 0

    def getsockname(self) -> tuple[str, int]:
        self._open()
        return self._address or ("0.0.0.0", 0)

    def getpeername(self) -> tuple[str, int]:
        self._connected()
        if self._outgoing.reset:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return self._peer

    def fileno(self) -> int:
        return -1 if self._closed else self._number

    def detach(self) -> int:
        raise Refused(tr("socket.detach() is not simulated."))


class Port:
    """The place where a connect and a listen meet."""

    def __init__(self, number: int) -> None:
        self.key = ("port", number)


def _cuts(data: bytearray, count: int) -> list[int]:
    """Return after how many bytes recv may return: all; one; in the middle of a letter, or of the rest; all but one."""
    letter = next((place for place in range(1, count) if data[place] & 0xC0 == 0x80), count // 2)
    return list(dict.fromkeys([count, 1, letter, count - 1]))


def _link(near: socket, far: socket, near_name: str, far_name: str) -> None:
    net = network()
    there, back = _Pipe(net.run, far.room or net.room), _Pipe(net.run, near.room or net.room)
    there.label, back.label = f"{near_name} → {far_name}", f"{far_name} → {near_name}"
    net.pipes += [there, back]
    near._outgoing = far._incoming = there
    near._incoming = far._outgoing = back
    near.who, far.who = far_name, near_name
    far._server_side = True


def socketpair(*arguments: Any) -> tuple[socket, socket]:
    one, other = socket(), socket()
    _link(one, other, tr("one end"), tr("the other end"))
    return one, other


def create_server(address: tuple[str, int], **options: Any) -> socket:
    listener = socket()
    listener.bind(address)
    listener.listen()
    return listener


def create_connection(address: tuple[str, int], timeout: float | None = None, *rest: Any, **options: Any) -> socket:
    connection = socket()
    connection.settimeout(timeout)
    connection.connect(address)
    return connection


def make_module() -> types.ModuleType:
    """Return the stand-in for the module socket."""
    module = types.ModuleType("socket")
    names = "timeout error gaierror herror AddressFamily SocketKind inet_aton inet_ntoa htons ntohs has_ipv6".split()
    vars(module).update({name: value for name, value in vars(real).items() if name.isupper() or name in names})
    vars(module).update(
        socket=socket,
        SocketType=socket,
        socketpair=socketpair,
        create_server=create_server,
        create_connection=create_connection,
        gethostname=lambda: "localhost",
        gethostbyname=lambda name: "127.0.0.1",
        getaddrinfo=lambda host, port, *rest, **more: [(real.AF_INET, real.SOCK_STREAM, 6, "", (host, port))],
        setdefaulttimeout=lambda timeout: None,
        getdefaulttimeout=lambda: None,
    )
    return module
