"""The server's end of the wire: real sockets that note what the server does with them.

The student's `serve` gets a Listener; what its accept() returns is a Connection. Both are real sockets. They write down
every call (who called, what came of it) and know which threads are inside a call at this moment: that is the evidence
that causes are told from, and what lets a check say "nothing will come" without waiting.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SEND_MOST = 512  # bytes that one send takes
KEPT_UP = 0.3  # seconds that a call takes at most while threads are kept up


@dataclass
class Call:
    """One call of the server on one of its sockets."""

    name: str  # "accept", "recv", "send", "sendall"
    peer: str  # the name of the peer at the other end; "" for accept
    thread: threading.Thread
    asked: int = 0  # bytes given to send, or room given to recv
    result: Any = None  # the bytes received, the count sent, or the exception
    patient: bool = True  # waits without a timeout


@dataclass
class Side:
    """What the server has done with one connection."""

    received: int = 0  # bytes
    sent: int = 0  # bytes handed to the kernel
    sends: int = 0  # calls of send and sendall
    failed_sends: int = 0
    goodbyes: int = 0  # how often recv has returned b"" or failed
    closed: bool = False  # close() was called
    recvs: list[bytes] = field(default_factory=list)  # what the latest recv calls returned
    short_sends: list[tuple[int, int]] = field(default_factory=list)  # (asked, sent) where send took less
    socket: weakref.ref | None = None

    @property
    def ended(self) -> bool:
        """Whether recv has told the server that the peer is gone."""
        return self.goodbyes > 0


class Wire:
    """All that the server under test does on its sockets, and who waits where."""

    RECVS_KEPT = 50

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.names: dict[tuple, str] = {}  # a peer's own address -> its name
        self.sides: dict[str, Side] = {}
        self.inside: dict[threading.Thread, Call] = {}
        self.progress = 0  # counts finished calls
        self.kept_for: threading.Thread | None = None

    def name(self, address: tuple, name: str) -> None:
        """Say who has this address, before the server can accept it."""
        with self.changed:
            self.names[address] = name

    def side(self, name: str) -> Side:
        """Return what the server has done with the peer of this name."""
        with self.changed:
            return self.sides.setdefault(name, Side())

    @contextmanager
    def call(self, name: str, peer: str, asked: int = 0, patient: bool = True) -> Iterator[Call]:
        """Note a call from its beginning to its end; the body puts in the result."""
        call = Call(name, peer, threading.current_thread(), asked, patient=patient)
        with self.changed:
            self.inside[call.thread] = call
        try:
            yield call
        except BaseException as error:
            call.result = error
            raise
        finally:
            with self.changed:
                self.inside.pop(call.thread, None)
                self.progress += 1
                self._count(call)
                if isinstance(call.result, BaseException):
                    call.result = None  # it would keep the frames, and so the connections, of its thread alive
                self.changed.notify_all()
                self._linger()

    def _count(self, call: Call) -> None:
        if call.name == "accept":
            return
        side = self.sides.setdefault(call.peer, Side())
        if call.name == "recv":
            if isinstance(call.result, bytes) and call.result:
                side.received += len(call.result)
                side.recvs = [*side.recvs[-self.RECVS_KEPT :], call.result]
            elif call.result == b"" or (isinstance(call.result, OSError) and not isinstance(call.result, TimeoutError)):
                side.goodbyes += 1
            return
        side.sends += 1
        if isinstance(call.result, OSError):
            side.failed_sends += 1
        elif isinstance(call.result, int):
            side.sent += call.result
            if call.result < call.asked:
                side.short_sends.append((call.asked, call.result))

    def keep_up(self, thread: threading.Thread | None) -> None:
        """Let every call take until this thread has ended, or a moment, except its own; None: no longer."""
        with self.changed:
            self.kept_for = thread
            self.changed.notify_all()

    def _linger(self) -> None:
        other = self.kept_for
        if other and other is not threading.current_thread():
            self.changed.wait_for(lambda: self.kept_for is None or not other.is_alive(), KEPT_UP)

    def wait_for(self, condition, seconds: float) -> bool:
        """Wait until the condition, a function without arguments, holds; returns whether it does."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def live(self) -> dict[str, socket.socket]:
        """Return the accepted connections that are not closed, by the peer's name."""
        found = {}
        with self.changed:
            for name, side in self.sides.items():
                connection = side.socket() if side.socket else None
                if connection is not None and connection.fileno() != -1:
                    found[name] = connection
        return found


class Listener(socket.socket):
    """A listener on 127.0.0.1 and a port that the system chose, whose connections are noted on the wire."""

    def __init__(self, wire: Wire, send_buffer: int | None = None, fileno: int | None = None) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM, fileno=fileno)
        self.wire = wire
        if fileno is not None:  # it listens already
            return
        if send_buffer:  # accepted connections inherit it
            self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.bind(("127.0.0.1", 0))
        self.listen(256)

    def accept(self):
        with self.wire.call("accept", "", patient=self.gettimeout() is None) as call:
            plain, address = super().accept()
            call.result = address
            name = self.wire.names.get(address, f"port {address[1]}")
            connection = Connection(self.wire, name, plain.detach())
        return connection, address


class Connection(socket.socket):
    """An accepted connection that notes what is received and sent on it."""

    def __init__(self, wire: Wire, peer: str, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self.wire, self.peer = wire, peer
        self.wire.side(peer).socket = weakref.ref(self)

    def _noted(self, name: str, asked: int = 0):
        return self.wire.call(name, self.peer, asked, patient=self.gettimeout() is None)

    def recv(self, size, *flags):
        with self._noted("recv", size) as call:
            data = super().recv(size, *flags)
            if not (flags and flags[0] & socket.MSG_PEEK):
                call.result = data
        return data

    def recv_into(self, buffer, *rest):  # what makefile() reads with
        with self._noted("recv", len(buffer)) as call:
            count = super().recv_into(buffer, *rest)
            call.result = bytes(memoryview(buffer).cast("B")[:count])
        return count

    def send(self, data, *flags):
        # The system may always take less than it is given; here it does so as soon as it may matter.
        with self._noted("send", len(data)) as call:
            if self._must_not_wait(*flags) and not select.select([], [self], [], 0)[1]:
                # It might still take a part, and refuse the next; where that ends is the system's affair.
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            call.result = super().send(memoryview(data)[:SEND_MOST], *flags)
        return call.result

    def _must_not_wait(self, flags: int = 0, *rest) -> bool:
        return self.gettimeout() == 0 or bool(flags & getattr(socket, "MSG_DONTWAIT", 0))

    def sendall(self, data, *flags):
        with self._noted("sendall", len(data)) as call:
            super().sendall(data, *flags)
            call.result = len(data)

    def close(self):
        self.wire.side(self.peer).closed = True
        super().close()
