"""Somebody in the play: a program or a bare socket, and what is on their screen."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..language import tr
from .screen import Gauge

HOST = "127.0.0.1"
TAP = Path(__file__).with_name("tap.py")


class DemoFailure(Exception):
    """What the demo was to show did not happen; the message says so in a clause for people."""


@dataclass
class Participant:
    """Somebody in the play: a program or a bare socket, and what is on their screen."""

    name: str
    program: str
    process: subprocess.Popen[bytes] | None = None
    connection: socket.socket | None = None
    port: int = 0  # of a server
    tap: socket.socket | None = None  # of a server: the line on which it tells of its calls
    connections: list[dict] | None = None  # of a server: how its connections stand, by the tap's last answer
    lines: list[tuple[str, str]] = field(default_factory=list)  # (kind, text); the kinds are in COLOURS
    gauges: list[Gauge] = field(default_factory=list)
    unseen: deque[str] = field(default_factory=deque)  # lines that came and that no step has asked for yet
    heard: int = 0  # of a talker's numbered lines
    ended: bool = False

    @property
    def title(self) -> str:
        """The name as it is shown."""
        return tr(self.name)

    @property
    def serves(self) -> bool:
        """Whether it is a server."""
        return self.program == "server.py"

    def write(self, data: bytes) -> None:
        """Send the bytes: to the program's keyboard, or straight to the server."""
        try:
            if self.connection:
                self.connection.sendall(data)
            elif self.process and self.process.stdin:
                self.process.stdin.write(data)
                self.process.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: its keyboard is closed
            raise DemoFailure(tr("{name} cannot send anything: {error}", name=self.title, error=error)) from None

    def leave(self) -> None:
        """Go politely: the end of the keyboard, or an orderly close."""
        with contextlib.suppress(OSError):
            if self.connection:
                self.connection.close()
            elif self.process and self.process.stdin:
                self.process.stdin.close()

    def end(self) -> None:
        """See that nothing of this participant goes on, whatever state it is in."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.leave()
        if self.tap:
            self.tap.close()


def start(program: Path, port: int, settings: dict[str, Any] | None = None) -> subprocess.Popen[bytes]:
    """Start a server or a client, with pipes for its keyboard and its screen. settings: those of the tap, if any."""
    windows = sys.platform == "win32"
    return subprocess.Popen(
        # -E: no PYTHON... variable of this terminal changes what is shown; -u: nothing waits in a buffer.
        [sys.executable, "-E", "-B", "-u", "-X", "utf8"]
        + ([str(TAP), json.dumps(settings or {})] if settings or windows else [])
        + [str(program), HOST, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A group of its own: Ctrl-C in this terminal is for the demo alone, which then ends its programs itself.
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        start_new_session=not windows,
    )
