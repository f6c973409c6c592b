"""The server under test: the student's `serve(listener)` in a thread, on a listener with port 0."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import threading
import time
import tracemalloc
from pathlib import Path

from ..language import tr
from .causes import descriptors_left, failure, left_behind, plain_failure
from .peer import DEADLINE, SLICE, STILL, Peer
from .report import Transcript
from .threads import idle, rests, stand
from .wire import Listener, Wire
from .work import load_function

SHUTDOWN = 5.0  # seconds that a server may take to end when its listener is closed


class Server:
    """Runs `serve` and knows all that can be known about it from outside and from its sockets."""

    def __init__(self, path: Path, stage: int, send_buffer: int | None = None) -> None:
        self.path, self.stage, self.send_buffer = path, stage, send_buffer
        self.wire = Wire()
        self.transcript = Transcript()
        self.peers: list[Peer] = []
        self.listener: Listener | None = None
        self.thread: threading.Thread | None = None
        self.before: set[threading.Thread] = set()
        self.errors: list[tuple[str, BaseException]] = []  # (thread name, exception) of the server's threads
        self.stopped = False
        self.descriptors = 0
        self.excepthook = threading.excepthook
        self.still = (0, 0.0)  # how far the wire had got when all was first at rest, and when that was

    # Start

    def start(self) -> None:
        """Import the student's file and run its serve; done on the first connection."""
        if self.listener:
            return
        serve = load_function(self.path)
        self.descriptors = open_descriptors()
        self.before = set(threading.enumerate())
        self.excepthook, threading.excepthook = threading.excepthook, self._note_error
        self.listener = self.make_listener()

        def run() -> None:
            try:
                serve(self.listener)
            except BaseException as error:  # SystemExit too: whatever ends the server is evidence
                self.errors.append(("serve", error))

        self.thread = threading.Thread(target=run, name="serve", daemon=True)
        self.thread.start()

    def make_listener(self) -> Listener:
        return Listener(self.wire, self.send_buffer)

    def address(self) -> tuple[str, int]:
        return self.listener.getsockname()

    def _note_error(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.thread is not None and arguments.exc_value is not None:
            with self.wire.changed:
                self.errors.append((arguments.thread.name, arguments.exc_value))
                self.wire.changed.notify_all()

    # Peers

    def connect(self, name: str, receive_buffer: int | None = None) -> Peer:
        """Return a connected peer. receive_buffer: bytes; caps what the kernel takes in for one that does not read."""
        self.start()
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(DEADLINE)
        connection.bind(("127.0.0.1", 0))  # so that the wire knows its name before the server accepts it
        self.wire.name(connection.getsockname(), name)
        peer = Peer(name, connection, self.transcript, self)
        try:
            connection.connect(self.address())
        except OSError:
            raise peer.failure(tr("{name} can connect", name=name), b"", "refused") from None
        self.transcript.note(name, tr("connects"))
        self.peers.append(peer)
        return peer

    def join(self, *names: str, notices: bool = False) -> list[Peer]:
        """Return peers that have joined, one after another; from stage 04 on each has been told its number.

        notices: they listen for who joins and who leaves; without it they pass such lines over.
        """
        peers: list[Peer] = []
        for name in names:
            peer = self.connect(name)
            peer.notices = notices
            self.welcomes(peer)
            for other in peers:
                if notices and self.stage >= 9:
                    other.hears(f"client {peer.number} joined")
            peers.append(peer)
        return peers

    def welcomes(self, peer: Peer) -> None:
        """From stage 04 on: the first line tells the peer its number, which is one that nobody else has had."""
        if self.stage < 4:
            return
        line = peer.hears_line()
        number = line.removeprefix("you are client ")
        if number == line or not number.isdecimal():
            raise peer.failure(
                tr('{name} hears "you are client NUMBER" first', name=peer.name), line.encode(), None, "you are client "
            )
        peer.number = int(number)
        for other in self.peers:
            if other is not peer and other.number == peer.number:
                raise peer.failure(
                    tr("{name} gets a number that nobody has had", name=peer.name), line.encode(), "twice", other.name
                )

    def pair(self) -> tuple[Peer, Peer]:
        """Return (speaker, listener): in the stages that echo they are the same peer."""
        if self.stage < 5:
            (speaker,) = self.join("ann")
            return speaker, speaker
        speaker, listener = self.join("ann", "bob")
        return speaker, listener

    def has_taken(self, peer: Peer) -> None:
        """Wait until the server has received all that the peer has sent, or has ended its connection."""
        side = self.wire.side(peer.name)
        taken = lambda: side.received >= peer.sent or side.ended or side.closed or not self.alive()
        if not self.wire.wait_for(taken, DEADLINE):
            raise peer.failure(tr("the server receives what {name} sends", name=peer.name), b"", "silence")

    def has_noticed(self, peer: Peer) -> None:
        """Wait until the server's recv has told it that the peer is gone, or it has closed the connection."""
        side = self.wire.side(peer.name)
        if not self.wire.wait_for(lambda: side.ended or side.closed or not self.alive(), DEADLINE):
            raise peer.failure(tr("the server notices that {name} has gone", name=peer.name), b"", "unnoticed", "end")

    def settles(self, seconds: float = 2.0) -> None:
        """Wait until every thread of the server is inside a call on a socket, or these seconds have passed.

        For checks that want the server to have got as far as it can; they hold wherever it has got to.
        """
        inside = lambda: all(thread in self.wire.inside for thread in self.threads())
        self.wire.wait_for(lambda: self.errors or inside(), seconds)

    def gets_stuck_with(self, peer: Peer, seconds: float = 3.0) -> None:
        """Wait until a thread of the server is stuck in a send to the peer, who does not read; or these seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            progress = self.wire.progress
            if self.wire.wait_for(lambda: self.wire.progress != progress, 4 * SLICE):
                continue  # something moves
            calls = list(self.wire.inside.values())
            if any(call.peer == peer.name and call.name in ("send", "sendall") for call in calls):
                return

    def has_threads(self, most: int) -> None:
        """Wait until the server has at most so many threads."""
        deadline = time.monotonic() + DEADLINE
        while len(threads := [thread for thread in self.threads() if not idle(self, thread)]) > most:
            if time.monotonic() > deadline:
                text = tr(
                    "{value} thread(s) go on though their clients have left:\n{self}",
                    value=len(threads) - most,
                    self=stand(self, threads[-1]),
                )
                raise self.failure("thread-left", text)
            threads[-1].join(SLICE)

    def sends_to(self, peer: Peer) -> int:
        """Return how often the server has called send or sendall for the peer."""
        return self.wire.side(peer.name).sends

    def weighs_memory(self) -> None:
        """Begin to note what memory is taken; ended by memory_kept, or with the server."""
        tracemalloc.start()

    def memory_kept(self) -> int:
        """Return how many bytes the student's own lines have taken since weighs_memory and still keep."""
        snapshot = tracemalloc.take_snapshot()
        tracemalloc.stop()
        own = snapshot.filter_traces([tracemalloc.Filter(True, str(self.path))])
        return sum(statistic.size for statistic in own.statistics("filename"))

    def explain(
        self, peer: Peer, expected: str, got: bytes, ending: str | None, wanted: str | bytes | None
    ) -> Exception:
        """Return the exception to raise where a peer does not hear what it should."""
        return failure(peer, expected, got, ending, wanted)

    def failure(self, key: str, text: str) -> Exception:
        """Return the exception to raise where the check itself knows the cause."""
        return plain_failure(key, text, self)

    # What is known

    def alive(self) -> bool:
        return bool(self.thread and self.thread.is_alive())

    def threads(self) -> list[threading.Thread]:
        """Return the threads of the server that are running."""
        ours = {thread for peer in self.peers for thread in peer.pouring}
        return [thread for thread in threading.enumerate() if thread not in self.before and thread not in ours]

    def is_quiet(self, waiting: Peer) -> bool:
        """Whether nothing more will come to the waiting peer unless somebody sends something.

        That is proved when every thread of the server is inside accept or recv without a timeout, nothing that a peer
        sent is still to be received, and all that was sent to the waiting peer has come. Where threads stand in locks,
        queues or a send that does not go on, it is taken for true when nothing has moved for STILL seconds.
        """
        with self.wire.changed:
            threads = self.threads()
            calls = [self.wire.inside.get(thread) for thread in threads]
            if all(call and call.patient and call.name in ("accept", "recv") for call in calls):
                return self._nothing_on_its_way(waiting)
            if not all(rests(self, thread) for thread in threads):
                self.still = (self.wire.progress, time.monotonic())
            progress, since = self.still
            if progress != self.wire.progress:
                self.still = (self.wire.progress, time.monotonic())
                return False
            return time.monotonic() - since > STILL and self._nothing_on_its_way(waiting)

    def _nothing_on_its_way(self, waiting: Peer) -> bool:
        calls = self.wire.inside.values()
        for peer in self.peers:
            side = self.wire.sides.get(peer.name)
            if side is None or side.socket is None:
                if any(call.name == "accept" for call in calls):
                    return False  # it is about to be accepted
            elif not side.closed and not side.ended and (peer.has_ended or peer.sent != side.received):
                if any(call.name == "recv" and call.peer == peer.name for call in calls):
                    return False  # it is about to be received; what nobody is reading does not matter
        side = self.wire.sides.get(waiting.name)
        return side is None or (not side.closed and side.sent == waiting.received)

    # Stop

    def stop_listening(self) -> None:
        """Close the listener: shutdown first, for on Linux close alone does not wake accept."""
        if self.listener and not self.stopped:
            self.stopped = True
            self.transcript.note("server", tr("its listener is closed"))
            try:
                self.listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # not connected, says macOS; there close wakes accept
            self.listener.close()

    def must_end_last(self) -> None:
        """Fail unless serve returns when all its other threads have ended; they are kept up a while, to be sure."""
        self.wire.keep_up(self.thread)
        self.stop_listening()
        self.thread.join(SHUTDOWN)
        left = [] if self.alive() else self.threads()
        self.wire.keep_up(None)
        if left:
            text = tr(
                "`serve` returns while {number} thread(s) of the server still run: join each of them before.",
                number=len(left),
            )
            raise self.failure("not-joined", f"{text}\n{stand(self, left[0])}")
        self.must_end()

    def must_end(self) -> None:
        """Fail unless serve returns, and all its threads end and all its connections are closed, in time."""
        if not self.listener:
            return
        deadline = time.monotonic() + SHUTDOWN
        self.thread.join(SHUTDOWN)  # first: until it has returned it may still start threads
        for thread in self.threads():
            thread.join(max(0.0, deadline - time.monotonic()))
        if failure := left_behind(self):
            raise failure

    def stop(self) -> None:
        """Close every peer and the listener; then fail unless nothing of the server is left."""
        for peer in self.peers:
            peer.closes()
        self.stop_listening()
        self.must_end()
        if self.listener and (failure := descriptors_left(self)):
            raise failure

    def destroy(self) -> None:
        """End what is left of the server, whatever state it is in, so that no other check feels it."""
        tracemalloc.stop()
        for peer in self.peers:
            peer.socket.close()
        self.stop_listening()
        for connection in self.wire.live().values():
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        deadline = time.monotonic() + 0.5
        for thread in self.threads():
            thread.join(max(0.0, deadline - time.monotonic()))
        for thread in self.threads():  # a loop that nothing else ends
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
        for thread in self.threads():
            thread.join(0.2)
        threading.excepthook = self.excepthook

    def stands(self) -> list[str]:
        """Return a line for each thread of the server: where it stands in the student's file, and what it waits for."""
        return [stand(self, thread) for thread in self.threads()]


def open_descriptors() -> int:
    """Return how many file descriptors this process has open; 0 where the system does not tell."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        if sys.platform != "win32" and os.path.isdir(folder):
            return len(os.listdir(folder))
    return 0
