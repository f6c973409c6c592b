"""`lab demo`: a stage's idea, shown by its own programs, side by side. It needs the standard library alone.

    scripts.py       what each stage's demo shows
    play.py          carries it out, step by step, each with its evidence
    participant.py   one program, or one bare socket
    screen.py        panels for people, lines for pipes, a picture
    tap.py           runs a server as itself, and tells what it does with its sockets
    race.py, buffers.py, crowd.py   the scenes of stages 04, 07 and 10
"""

from __future__ import annotations

import argparse
import importlib.util
import signal
import socket
import sys
import threading
from pathlib import Path

from ..language import tr
from . import play as playing
from .participant import HOST, DemoFailure
from .play import Play, orderly_end
from .screen import choose_screen, write_picture
from .scripts import SCRIPTS, Script

PORT = 9000
PYTHON = "py" if sys.platform == "win32" else "python3"  # the command that people type
VENV = r".venv\Scripts\python" if sys.platform == "win32" else ".venv/bin/python"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `lab demo` takes on its command line."""
    parser.add_argument("stage", metavar="STAGE", nargs="?", default="9", help=tr("9, 09 or 09_chat (default: 9)"))
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--live", action="store_true", help=tr("start the stage's server for you to join; Ctrl-C stops it")
    )
    either.add_argument("--svg", metavar="FILE", type=Path, help=tr("write a picture of the demo too (needs rich)"))


def run(options: argparse.Namespace, root: Path) -> int:
    """Play the demo of the lab in the folder root; return the exit status."""
    stage = find_stage(options.stage)
    if stage is None:
        text = tr("there is no stage {stage!r}: give a number from 1 to {last}", stage=options.stage, last=len(SCRIPTS))
        print(text, file=sys.stderr)
        return 2
    if options.svg and importlib.util.find_spec("rich") is None:
        first, then = f"{PYTHON} lab.py status", f"{VENV} -m chatlab demo {options.stage} --svg {options.svg}"
        text = tr("--svg needs rich. First: {first} (it makes .venv). Then: {then}", first=first, then=then)
        print(text, file=sys.stderr)
        return 2
    play = Play(root / "solutions", stage, Script(()) if options.live else SCRIPTS[stage])
    last_words = ""
    try:
        with orderly_end():
            try:
                if options.live:
                    live(play)
                else:
                    perform(play, options.svg)
                    command = f"{PYTHON} lab.py demo {options.stage} --live"
                    last_words = tr("All programs have ended. To join in: {command}", command=command)
            finally:
                if threading.current_thread() is threading.main_thread():
                    signal.signal(signal.SIGINT, signal.SIG_IGN)  # impatience must not leave a program running
                play.close(last_words)
    except DemoFailure as failure:
        text = tr("the demo of stage {stage} failed: {failure} ({step})", stage=stage, failure=failure, step=play.now)
        print(text, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def find_stage(text: str) -> str | None:
    """Return the full name of a stage given as 9, 09 or 09_chat; None if there is no such stage."""
    for stage in SCRIPTS:
        if text == stage or text.zfill(2) == stage[:2]:
            return stage
    return None


def perform(play: Play, picture: Path | None) -> None:
    """Play the script on the best screen there is, and write its last frame to the picture."""
    play.screen = choose_screen(play.panels, play.script.head)
    play.perform(playing.LENGTH if sys.stdout.isatty() else 0)
    if picture:
        try:
            write_picture(picture, play.now, play.panels, play.script.head)
        except OSError as error:
            raise DemoFailure(tr("{path} cannot be written: {reason}", path=picture, reason=error.strerror)) from None


def live(play: Play) -> None:
    """Run the server until Ctrl-C, and show its log."""
    play.open_server(PORT if is_free(PORT) else 0)
    client, port = play.folder / "client.py", play.server.port
    if client.is_relative_to(Path.cwd()):
        client = client.relative_to(Path.cwd())
    play.now = "live"
    try:  # from here on there may be a client, who is to hear goodbye
        print(tr("Join it from other terminals, as often as you like (Ctrl-C here stops the server):"))
        print(f"    {PYTHON} {client} {HOST} {port}")
        print(f"    nc {HOST} {port}", flush=True)
        while not play.server.ended:
            play.pump(1)
        raise DemoFailure(tr("the server has ended by itself"))
    except KeyboardInterrupt:
        play.stop(play.server)
    play.expect_all_ended()


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there the option would let two servers have one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
