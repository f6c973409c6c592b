"""`lab demo`: it shows what the solutions do, and it fails when they do something else."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(180)  # they run beside much else
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import argparse, sys
from pathlib import Path
from chatlab import demo
{before}
parser = argparse.ArgumentParser()
demo.add_arguments(parser)
sys.exit(demo.run(parser.parse_args(), Path({root!r})))
"""


def command(*arguments: str, root: Path = ROOT, before: str = "") -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(root=str(root), before=before), *arguments]


def run_demo(*arguments: str, root: Path = ROOT, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run the demo as a process that is not on a terminal."""
    return subprocess.run(
        command(*arguments, root=root, before=before), cwd=ROOT, capture_output=True, encoding="utf-8", timeout=25
    )


def copy_with(tmp_path: Path, stage: str, old: str, new: str) -> Path:
    """Return a tree with one stage's solution, whose server has new in place of old."""
    shutil.copytree(ROOT / "solutions" / stage, tmp_path / "solutions" / stage)
    server = tmp_path / "solutions" / stage / "server.py"
    source = server.read_text(encoding="utf-8")
    assert old in source
    server.write_text(source.replace(old, new), encoding="utf-8")
    return tmp_path


def assert_one_sentence(text: str) -> None:
    assert len(text.splitlines()) == 1, text
    assert "Traceback" not in text


def assert_in_order(transcript: str, lines: list[str]) -> None:
    position = 0
    for line in lines:
        found = transcript.find(f"{line}\n", position)
        assert found >= 0, f"{line!r} is missing, or not in its place, in\n{transcript}"
        position = found + len(line)


def assert_server_has_ended(transcript: str) -> None:
    match = re.search(r"listening on 127\.0\.0\.1:(\d+)", transcript)
    assert match
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(match[1])), timeout=5)


@pytest.mark.parametrize(
    "screen",
    [
        ["ann    < you are client 1", "ann    < client 2 joined", "ann    > /nick ann", "ann    < you are ann",
         "ann    > hello everybody", "ann    < client 4 joined", "ann    < client 4 left", "ann    < goodbye",
         "ann    < the server closed the connection", "ann    * (ended with status 1)"],
        ["bob    < you are client 2", "bob    < client 1 is now ann", "bob    > /nick ann",
         "bob    < error: the nickname ann is taken", "bob    > /nick bob", "bob    < you are bob",
         "bob    < ann: hello everybody", "bob    > /msg eve a secret", "bob    < goodbye"],
        ["eve    < you are client 3", "eve    < ann: hello everybody", "bob    > /msg eve a secret",
         "eve    < bob to you: a secret", "guest  * (vanishes)", "eve    < client 4 left", "eve    > /who",
         "eve    < here: ann, bob, eve", "server > ^C", "eve    < goodbye"],
        ["# bob wants the nickname ann too", "bob    > /nick ann", "server > ^C", "server | stopped",
         "server * (ended with status 0)"],
    ],
    ids=["ann", "bob", "eve", "server"],
)  # fmt: skip
def test_the_whole_chat(screen: list[str], whole_chat: subprocess.CompletedProcess[str]) -> None:
    assert_in_order(whole_chat.stdout, screen)


def test_the_whole_chat_ends_well(whole_chat: subprocess.CompletedProcess[str]) -> None:
    assert whole_chat.returncode == 0
    assert whole_chat.stderr == ""


def test_a_pipe_gets_no_escape_codes(whole_chat: subprocess.CompletedProcess[str]) -> None:
    assert "\x1b" not in whole_chat.stdout


def test_nothing_listens_afterwards(whole_chat: subprocess.CompletedProcess[str]) -> None:
    assert_server_has_ended(whole_chat.stdout)


@pytest.fixture(scope="module")
def whole_chat() -> subprocess.CompletedProcess[str]:
    return run_demo()


@pytest.mark.parametrize("stage", ["1", "2", "3", "4", "5", "6", "7", "08"])
def test_every_other_stage(stage: str) -> None:
    result = run_demo(stage)
    assert (result.returncode, result.stderr) == (0, "")
    assert "server * (ended with status 0)\n" in result.stdout


def test_every_solution_has_a_script() -> None:
    from chatlab import demo

    assert sorted(demo.SCRIPTS) == sorted(folder.name for folder in (ROOT / "solutions").glob("[0-9][0-9]_*"))


@pytest.mark.parametrize("stage", ["11", "0", "chat", "", "9x"])
def test_an_unknown_stage(stage: str) -> None:
    result = run_demo(stage)
    assert result.returncode == 2
    assert_one_sentence(result.stderr)
    assert "there is no stage" in result.stderr
    assert result.stdout == ""


def test_a_server_that_never_broadcasts(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "09_chat", "if client is not sender:", "if False:")
    result = run_demo(root=root, before="demo.DEADLINE = 1.5")
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "bob does not see 'client 1 is now ann'" in result.stderr


def test_a_server_whose_sender_hears_itself(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "05_broadcast", "if client is not sender:", "if True:")
    result = run_demo("5", root=root)
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "ann sees 'client 1: hello everybody'" in result.stderr


def test_a_server_that_waits_for_the_slow_reader(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "07_slow_reader", "self.outbox.put(line, timeout=PATIENCE)", "self.outbox.put(line)")
    result = run_demo("7", root=root, before="demo.DEADLINE = 2.5")
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "'client 3 left'" in result.stderr


def test_a_server_that_ends_with_the_wrong_status(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "08_shutdown", 'print("stopped")', 'sys.exit("stopped")')
    result = run_demo("8", root=root)
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "server's program ended with status 1" in result.stderr


def test_a_server_that_does_not_start(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "01_echo", "import socket\n", "import socket, no_such_module\n")
    result = run_demo("1", root=root)
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "server's program has ended" in result.stderr


def test_the_guest_vanishes_with_a_reset(tmp_path: Path) -> None:
    handler = "        except OSError:  # it vanished; the others are none the worse\n"
    told = f"        except ConnectionResetError:\n            log.info('RST')\n{handler}"
    root = copy_with(tmp_path, "09_chat", handler, told)
    result = run_demo(root=root)
    assert result.returncode == 0, result.stderr
    step = result.stdout.split("guest  * (vanishes)\n")[1].split("#")[0]
    assert re.search(r"server \| .* RST\n", step)


def test_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("rich")
    picture = tmp_path / "demo.svg"
    result = run_demo("--svg", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    svg = picture.read_text(encoding="utf-8").replace("&#160;", " ")
    for text in ("<svg", "server: server.py", "eve: client.py", "bob to you: a secret", "goodbye"):
        assert text in svg


def test_a_picture_without_rich() -> None:
    result = run_demo("--svg", "demo.svg", before="sys.modules['rich'] = None")
    assert result.returncode == 2
    assert_one_sentence(result.stderr)
    assert "rich" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_live_ends_with_ctrl_c() -> None:
    with subprocess.Popen(
        command("--live"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            assert process.stdout
            port = next(
                int(found[1]) for line in process.stdout if (found := re.search(r"nc 127\.0\.0\.1 (\d+)", line))
            )
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                with connection.makefile(encoding="utf-8") as lines:
                    assert lines.readline() == "you are client 1\n"
                    process.send_signal(signal.SIGINT)
                    assert lines.readline() == "goodbye\n"
            out, err = process.communicate(timeout=15)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    assert_in_order(out, ["server > ^C", "server | stopped", "server * (ended with status 0)"])


def run_on_terminal(before: str, interrupt_at: str = "", **variables: str) -> tuple[str, int]:
    """Run the demo on a terminal of 120x40; return what it wrote there and its exit status."""
    pty = pytest.importorskip("pty", reason="a terminal for tests exists on POSIX alone")
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40", "NO_COLOR": "", **variables}
    written = b""
    with subprocess.Popen(
        command(before=before), cwd=ROOT, env=environment, stdout=its, stderr=subprocess.DEVNULL
    ) as process:
        os.close(its)
        try:
            while piece := os.read(ours, 65536):
                written += piece
                if interrupt_at and interrupt_at.encode() in written:
                    process.send_signal(signal.SIGINT)
                    interrupt_at = ""
        except OSError:  # how Linux says that nobody has the terminal open any more
            pass
        finally:
            os.close(ours)
            status = process.wait(20)
    return written.decode(), status


def test_panels_on_a_terminal() -> None:
    written, status = run_on_terminal("demo.LENGTH = 0")
    assert status == 0
    for text in ("\x1b[?25l", "\u250c\u2500 server: server.py", "eve: client.py", "bob to you: a secret", "\x1b[36m"):
        assert text in written
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


def test_no_color() -> None:
    written, status = run_on_terminal("demo.LENGTH = 0", NO_COLOR="1")
    assert status == 0
    assert "bob to you: a secret" in written
    assert "m" not in re.findall(r"\x1b\[[0-9;?]*([A-Za-z])", written)


def test_ctrl_c_ends_it_all_and_gives_the_terminal_back() -> None:
    written, status = run_on_terminal("demo.LENGTH = 60", interrupt_at="you are client 1")
    assert status != 0
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert_server_has_ended(written)
