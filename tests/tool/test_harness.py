"""The harness itself: what a student's worst program does to it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from chatlab.checks.runner import run_stage
from chatlab.checks.wire import SEND_MOST, Connection, Listener, Wire

pytestmark = pytest.mark.timeout(180)  # they run beside much else
ROOT = Path(__file__).resolve().parents[2]

HEAD = "import os, socket, sys, threading\n\n\n"
MAIN = '\n\ndef main():\n    pass\n\n\nif __name__ == "__main__":\n    main()\n'

WORST = {
    # name: (server.py, the check that fails, the cause)
    "infinite loop": (
        "def serve(listener):\n    connection, _ = listener.accept()\n    while True:\n        pass\n",
        "hello",
        "busy-loop",
    ),
    "a recv that never returns": (
        "def serve(listener):\n    connection, _ = listener.accept()\n"
        "    connection.recv(100, socket.MSG_WAITALL)\n    connection.sendall(b'hello')\n",
        "hello",
        "silence",
    ),
    "a thread left behind": (
        "def serve(listener):\n    threading.Thread(target=threading.Event().wait).start()\n"
        "    while True:\n        try:\n            connection, _ = listener.accept()\n"
        "        except OSError:\n            return\n        with connection:\n"
        "            connection.sendall(connection.recv(100))\n",
        "hello",
        "thread-left",
    ),
    "sys.exit at import": ("sys.exit(0)\n", "listens", "exit-at-import"),
    "main() at import": ("def serve(listener):\n    pass\n\n\nserve(None)\n", "listens", "runs-at-import"),
    "an exception at import": ("1 / 0\n", "listens", "import-error"),
    "a syntax error": ("def serve(listener)\n    pass\n", "listens", "syntax"),
    "no serve": ("def server(listener):\n    pass\n", "listens", "no-serve"),
    "serve returns": ("def serve(listener):\n    pass\n", "hello", "serve-returned"),
    "sys.exit in serve": ("def serve(listener):\n    listener.accept()\n    sys.exit(1)\n", "hello", "server-died"),
    "os._exit in serve": ("def serve(listener):\n    listener.accept()\n    os._exit(0)\n", "hello", "process-ended"),
    "a connection left open": (
        "kept = []\n\n\ndef serve(listener):\n    while True:\n        try:\n"
        "            connection, _ = listener.accept()\n"
        "        except OSError:\n            return\n        kept.append(connection)\n"
        "        while data := connection.recv(100):\n            connection.sendall(data)\n",
        "hello",
        "not-closed",
    ),
}


def needs_a_server(name: str) -> bool:
    """Whether the check of stage 01 calls serve; the rest start programs, each of which may fail in its own way."""
    return name not in {
        *("listens", "ctrl_c", "port_in_use", "bad_port", "starts_again", "client_shows_the_echo", "client_ctrl_d"),
        *("client_server_goes", "client_refused"),
    }


def checked(tmp_path: Path, server: str, **more) -> list:
    folder = tmp_path / "01_echo"
    shutil.copytree(ROOT / "solutions" / "01_echo", folder)
    (folder / "server.py").write_text(HEAD + server + MAIN, encoding="utf-8")
    return list(run_stage(1, tmp_path, **more))


@pytest.fixture(scope="module")
def how_many():
    return len(list(run_stage(1, ROOT / "solutions")))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", WORST)
def test_worst(name, tmp_path, how_many):
    server, check, cause = WORST[name]
    outcome = checked(tmp_path, server)
    failed = {result.name: result for result in outcome if result.status == "failed"}
    assert check in failed, failed
    result = failed[check]
    assert result.cause == cause, result.lines
    assert result.message.count("\n") == 0 and len(result.message) > 20
    assert len(result.lines) <= 25
    assert not any("Traceback" in line for line in result.lines)
    # Every check was decided: what depends on the failed one was not run, the others went on.
    assert len(outcome) == how_many
    assert len([name for name in failed if needs_a_server(name)]) <= 1, failed


def test_one_failure_for_a_file_that_cannot_be_imported(tmp_path):
    results = checked(tmp_path, "import nothing_of_this_name\n")
    assert [result.status for result in results].count("failed") == 1
    assert {result.status for result in results} == {"failed", "not run"}


def test_other_stages_still_run(tmp_path):
    assert any(result.status == "failed" for result in checked(tmp_path, "sys.exit(0)\n"))
    shutil.copytree(ROOT / "solutions" / "02_lines", tmp_path / "02_lines")
    assert all(result.status == "passed" for result in run_stage(2, tmp_path))


def test_a_missing_folder_is_told(tmp_path):
    (result,) = run_stage(1, tmp_path, fail_fast=True)
    assert result.cause == "no-file"


# The wire


def test_wire_counts_what_the_server_does():
    wire = Wire()
    listener = Listener(wire)
    import socket

    with listener, socket.create_connection(listener.getsockname()) as peer:
        wire.name(peer.getsockname(), "ann")
        connection, _ = listener.accept()
        with connection:
            assert isinstance(connection, Connection) and connection.peer == "ann"
            peer.sendall(b"hello")
            assert connection.recv(2) + connection.recv(10) == b"hello"
            assert connection.send(b"x" * (SEND_MOST + 1)) == SEND_MOST
            connection.sendall(b"y" * 10)
            peer.shutdown(socket.SHUT_WR)
            assert connection.makefile("rb").read() == b""
            side = wire.side("ann")
            assert (side.received, side.sent, side.goodbyes) == (5, SEND_MOST + 10, 1)
            assert side.short_sends == [(SEND_MOST + 1, SEND_MOST)]
            assert list(wire.live()) == ["ann"]
    assert wire.live() == {}


def test_wire_knows_who_waits_where():
    wire = Wire()
    listener = Listener(wire)
    thread = threading.Thread(target=lambda: _accept_nobody(listener))
    thread.start()
    assert wire.wait_for(lambda: thread in wire.inside, 10)
    assert wire.inside[thread].name == "accept"
    import socket

    socket.create_connection(listener.getsockname()).close()
    thread.join(10)
    assert not thread.is_alive() and thread not in wire.inside
    listener.close()


def _accept_nobody(listener):
    listener.accept()[0].close()
