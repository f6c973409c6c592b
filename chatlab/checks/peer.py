"""A peer: the test's end of a connection, a real socket with deadlines that writes down all it sees."""

from __future__ import annotations

import os
import re
import select
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING

from ..language import tr
from .causes import failure
from .report import CheckFailed, Transcript, quote

if TYPE_CHECKING:
    from .program import Program
    from .server import Server

DEADLINE = 10.0  # seconds to wait for what must come; a wait ends sooner where it is proved that nothing will
TOO_SLOW = 20.0  # seconds that as many lines as any check has to say may take
STILL = 2.0  # seconds without any movement after which nothing is expected any more
SLICE = 0.05  # seconds between two looks whether anything can still come
NOTICE = re.compile(r"client \d+ (joined|left)")


class Peer:
    """One end of a connection, with a name. Every method that waits has a deadline and fails with evidence."""

    def __init__(
        self, name: str, connection: socket.socket, transcript: Transcript, server: Server | None = None
    ) -> None:
        self.name, self.socket, self.transcript, self.server = name, connection, transcript, server
        self.number = 0
        self.nickname = ""
        self.pouring: list[threading.Thread] = []
        self.sent = 0  # bytes
        self.received = 0
        self.buffer = b""
        self.ending: str | None = None  # "eof" or "reset", once the other side has ended the connection
        self.said: list[str] = []
        self.heard: list[str] = []
        self.has_ended = False  # whether this side has said goodbye, reset or closed
        self.program: Program | None = None  # the process at the other end, where it is one
        self.notices = False  # whether "client 3 joined" and "client 3 left" are listened for or passed over
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # What a peer does

    def sends(self, *segments: bytes) -> None:
        """Send each piece by itself; the next goes out only when the other end has taken the one before."""
        for segment in segments:
            self.transcript.note(self.name, f"→ {quote(segment)}")
            self._send(segment)
            if len(segments) > 1:
                if self.server:
                    self.server.has_taken(self)
                elif self.program:
                    self.program.has_read(self.socket)

    def says(self, *lines: str) -> None:
        """Send each line with its newline, in one piece."""
        for line in lines:
            self.said.append(line)
            self.sends(line.encode() + b"\n")

    def pours(self, data: bytes, again: bool = False) -> threading.Thread:
        """Send a lot from a thread of its own, so that this peer can read meanwhile; returns the thread.

        again: and once more, until the connection is ended.
        """
        self.transcript.note(self.name, f"→ {quote(data)}" + (tr(", again and again") if again else ""))

        def pour() -> None:
            try:
                self._send(data)
                while again and not self.ending:
                    self._send(data)
            except (OSError, CheckFailed):
                pass  # what was heard, or not heard, tells the story

        thread = threading.Thread(target=pour, name=f"peer {self.name}", daemon=True)
        thread.start()
        self.pouring.append(thread)
        return thread

    def _send(self, data: bytes) -> None:
        self.socket.settimeout(DEADLINE)
        view = memoryview(data)
        try:
            while view:
                count = self.socket.send(view)
                self.sent += count
                view = view[count:]
        except TimeoutError:
            raise self.failure(tr("{name} sends {what}", name=self.name, what=quote(data)), b"", "full") from None
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            self.ending = "reset"
            self.transcript.note(self.name, tr("cannot send: the server has ended the connection"))

    def says_goodbye(self) -> None:
        """End this direction: the server's recv returns b"", and this peer can still hear."""
        self.transcript.note(self.name, tr('→ says goodbye (FIN: its recv returns b"")'))
        self.has_ended = True
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def resets(self) -> None:
        """Vanish: the server's next call on this connection fails with a reset."""
        self.transcript.note(self.name, tr("→ resets the connection (RST)"))
        self.has_ended = True
        self._stop_pouring()
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
        self.socket.close()

    def closes(self) -> None:
        """End both directions in the ordinary way."""
        if self.socket.fileno() != -1 and not self.has_ended:
            self.transcript.note(self.name, tr("→ closes the connection"))
        self.has_ended = True
        self._stop_pouring()
        self.socket.close()

    def _stop_pouring(self) -> None:
        """End the threads that still send: a socket that another thread waits on does not really close."""
        if any(thread.is_alive() for thread in self.pouring):
            try:
                self.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            for thread in self.pouring:
                thread.join(DEADLINE)

    def leaves(self, *others: Peer) -> None:
        """Say goodbye, and wait until the server has closed the connection."""
        self.says_goodbye()
        self.hears_end()
        self.closes()
        for other in others:
            if self.server and self.server.stage >= 6 and other.notices:
                other.hears(f"client {self.number} left")

    # What a peer hears

    def hears(self, *lines: str) -> None:
        """The next lines are these, exactly."""
        for line in lines:
            got, ending = self._line()
            if got is None or got != line.encode():
                raise self.failure(
                    self._hearing(quote(line.encode())), self.buffer if got is None else got, ending, line
                )
            self.heard.append(line)

    def hears_one_of(self, *lines: str) -> str:
        """The next line is one of these; returns it."""
        got, ending = self._line()
        for line in lines:
            if got == line.encode():
                self.heard.append(line)
                return line
        expected = self._hearing(tr(" or ").join(quote(line.encode()) for line in lines))
        nearest = max(lines, key=lambda line: len(os.path.commonprefix([line.encode(), got or b""])))
        raise self.failure(expected, self.buffer if got is None else got, ending, nearest)

    def hears_from(self, speaker: Peer, *lines: str) -> None:
        """The next lines are what the speaker said, as this stage's server passes it on."""
        begin = time.monotonic()
        for count, line in enumerate(lines):
            self.hears(f"you said: {line}" if speaker is self else f"client {speaker.number}: {line}")
            if self.server and time.monotonic() - begin > TOO_SLOW:
                text = tr(
                    "After {too_slow:.0f} s {name} has heard {value:,} lines of {number:,}: they come, "
                    "but each has to wait for something. Nobody may wait again and again for one who "
                    "does not read.",
                    too_slow=TOO_SLOW,
                    name=self.name,
                    value=count + 1,
                    number=len(lines),
                )
                raise self.server.failure("too-slow", text)

    def hears_from_amid(self, speaker: Peer, line: str) -> None:
        """The line of the speaker comes, after any number of other lines."""
        wanted = f"client {speaker.number}: {line}"
        while (got := self._line())[0] != wanted.encode():
            if got[0] is None:
                raise self.failure(self._hearing(quote(wanted.encode())), self.buffer, got[1], wanted)

    def reads_on(self, count: int) -> None:
        """Take in this many lines, whatever they are."""
        for _ in range(count):
            self.hears_line()
            self.heard.pop()

    def sees(self, *names: str) -> None:
        """Ask /who again and again until exactly these are here, in this order.

        For what a client cannot know to have happened: the server may close a connection and then forget its client.
        """
        wanted = "here: " + ", ".join(names)
        deadline = time.monotonic() + DEADLINE
        while True:
            at_rest = self.server.is_quiet(self)  # then nothing can change any more: this answer is the last
            progress = self.server.wire.progress
            self.says("/who")
            while NOTICE.fullmatch(got := self.hears_line()):
                pass
            if got == wanted:
                return
            if not got.startswith("here: ") or at_rest or time.monotonic() > deadline:
                raise self.failure(
                    tr("{name} sees {what}", name=self.name, what=quote(wanted.encode())), got.encode(), None, wanted
                )
            # Ask again when the server has done more than receive the question and answer it.
            self.server.wire.wait_for(lambda: self.server.wire.progress > progress + 3, SLICE)

    def hears_line(self) -> str:
        """Return the next line, whatever it is."""
        got, ending = self._line()
        if got is None:
            raise self.failure(tr("{name} hears a line", name=self.name), self.buffer, ending)
        self.heard.append(got.decode(errors="replace"))
        return self.heard[-1]

    def hears_bytes(self, data: bytes) -> None:
        """What comes next is these bytes, in whatever pieces."""
        ending = None
        while len(self.buffer) < len(data) and not ending:
            ending = self._more()
        got = self.buffer[: len(data)]
        if got != data:
            raise self.failure(self._hearing(quote(data)), got, ending, data)
        self.buffer = self.buffer[len(data) :]

    def hears_nothing(self) -> None:
        """Nothing is on its way to this peer: the answer to a question comes next.

        Absence is proved by order: what the server sent before would come before the answer.
        """
        stage = self.server.stage if self.server else 0
        if stage < 4:
            self.says("anything else?")
            self.hears("you said: anything else?")
            return
        self.says("/who")
        got, ending = self._line()
        if got is None or not got.startswith(b"here: "):
            expected = tr("{name} hears nothing until the answer to its /who", name=self.name)
            raise self.failure(expected, self.buffer if got is None else got, ending, "here: ")

    def hears_end(self) -> None:
        """The server ends the connection, and sends nothing before that."""
        ending = None
        while not ending and not self._pass_over_notices():
            ending = self._more()
        if self.buffer or ending not in ("eof", "reset"):
            raise self.failure(
                tr("the server closes the connection of {name}", name=self.name), self.buffer, ending, "end"
            )

    def _pass_over_notices(self) -> bytes:
        """Drop the notices that the buffer begins with, where they are not listened for; returns what is left."""
        while not self.notices and b"\n" in self.buffer:
            line, rest = self.buffer.split(b"\n", 1)
            if not NOTICE.fullmatch(line.decode(errors="replace")):
                break
            self.buffer = rest
        return self.buffer

    def lingers(self, seconds: float = 1.0) -> None:
        """Give the other end some time to end the connection first; whether it does is its own affair."""
        select.select([self.socket], [], [], seconds)

    def hears_rest(self) -> bytes:
        """Return all that comes until the server ends the connection."""
        ending = None
        deadline = time.monotonic() + DEADLINE
        while not ending:
            ending = self._more()
            if self.server and time.monotonic() > deadline:
                text = tr(
                    "{name} still hears new lines after {deadline:.0f} s; the server should close the connection.",
                    name=self.name,
                    deadline=DEADLINE,
                )
                raise self.server.failure("goes-on", text)
        if ending not in ("eof", "reset"):
            raise self.failure(
                tr("the server closes the connection of {name}", name=self.name), self.buffer, ending, "end"
            )
        rest, self.buffer = self.buffer, b""
        return rest

    def _hearing(self, what: str) -> str:
        """Return the expectation in words."""
        return tr("{name} hears {what}", name=self.name, what=what)

    def _line(self) -> tuple[bytes | None, str | None]:
        """Return the next line without its newline; or None and why there is none."""
        while True:
            if b"\n" in self._pass_over_notices():
                line, self.buffer = self.buffer.split(b"\n", 1)
                return line, None
            if ending := self._more():
                return None, ending

    def _more(self) -> str | None:
        """Take in what comes next; returns "eof", "reset" or "silence" where nothing will come."""
        if self.ending == "eof":
            return self.ending
        deadline = time.monotonic() + DEADLINE
        while not select.select([self.socket], [], [], SLICE)[0]:
            if time.monotonic() > deadline or (self.server and self.server.is_quiet(self)):
                return "silence"
        try:
            data = self.socket.recv(65536)
        except OSError:
            self.ending = "reset"
            self.transcript.note(self.name, tr("← the connection is reset"))
            return self.ending
        if not data:
            self.ending = "eof"
            self.transcript.note(self.name, tr("← the server has closed the connection"))
            return self.ending
        self.received += len(data)
        self.buffer += data
        self.transcript.note(self.name, f"← {quote(data)}")
        return None

    def failure(self, expected: str, got: bytes, ending: str | None, wanted: str | bytes | None = None) -> Exception:
        """Return the exception to raise: what was expected, and the cause that the evidence tells."""
        if self.program and self.program.has_ended(0.5):
            return self.program.failure(
                "ended", tr("{name} has ended in the middle of it all.", name=self.program.path.name)
            )
        explain = self.server.explain if self.server else failure
        return explain(self, expected, got, ending, wanted)
