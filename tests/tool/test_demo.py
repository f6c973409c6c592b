"""`lab demo`: it shows what the solutions do, and it fails when they do something else."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
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
        ["# bob wants the nickname ann too.", "bob    > /nick ann", "server > ^C", "server | stopped",
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


IDEAS = {  # of each stage: lines that come in this order
    "1": ["server | ann: recv() = b'hello\\n'", "bob    > anybody here?", "server | ann: recv() = b''",
          "server | accept(): bob", "bob    < anybody here?"],
    "2": ["bob    > line\\ncaf\\xc3", "server | bob: recv() = b'line\\ncaf\\xc3'", "bob    < you said: half a line",
          "server | bob: recv() = b'\\xa9\\n'", "bob    < you said: caf\u00e9",
          "server | bob: recv() = b'1\\n2\\n3\\n'",
          "bob    < you said: 3"],
    "3": ["server | [Thread-1] ann: recv() ...", "bob    > hello", "server | [Thread-2] bob: recv() = b'hello\\n'",
          "bob    > hello again", "ann    > me too", "server | [Thread-1] ann: recv() = b'me too\\n'"],
    "4": ["ann    * (stopped here)", "bob    ! sends b'you are client 2\\n'", "ann    ! sends b'you are client 2\\n'",
          "explorer ! ann and bob are both told: you are client 2"],
    "5": ["ann    > hello everybody", "server | bob: sendall(b'client 1: hello everybody\\n')",
          "server | eve: sendall(b'client 1: hello everybody\\n')", "bob    > hello client 1", "eve    > /who"],
    "6": ["eve    * (vanishes)", "server | eve: recv() ConnectionResetError", "bob    > what was that?",
          "server | bob: recv() = b''", "ann    < here: client 1"],
    "7": ["eve    < you are client 3", "eve    * (dropped by the server)", "bob    < client 1: that was all",
          "ann    < client 2: poor eve"],
    "08": ["server > ^C", "eve    < goodbye", "eve    * (the end of the connection)"],
}  # fmt: skip


@pytest.mark.parametrize("stage", IDEAS)
def test_every_other_stage(stage: str) -> None:
    result = run_demo(stage)
    assert (result.returncode, result.stderr) == (0, "")
    assert_in_order(result.stdout, IDEAS[stage])
    assert max(map(len, result.stdout.splitlines())) <= 80
    if "server |" in result.stdout:
        assert "server * (ended with status 0)\n" in result.stdout


def test_the_race_is_gone_with_the_lock() -> None:
    result = run_demo("4")
    assert re.search(r"^explorer < without the lock: schedule \d+ breaks it$", result.stdout, re.MULTILINE)
    assert re.search(r"^explorer < with the lock: it holds for all \d+ schedules", result.stdout, re.MULTILINE)


def test_who_leaves_is_told_of_once() -> None:
    assert run_demo("6").stdout.count("ann    < client 3 left\n") == 1


def test_the_slow_readers_buffers_fill_one_after_the_other() -> None:
    told = " ".join(run_demo("7").stdout.split())
    waiting = [int(lines) for lines in re.findall(r"eve's outbox: (\d+) of 256 lines", told)]
    assert waiting == sorted(waiting) and waiting[0] < 64 and waiting[-1] == 256
    system = [int(number.replace(",", "")) for number in re.findall(r"the system's buffers: ([\d,]+) bytes", told)]
    assert system[0] > 0 and system[-1] < system[0] + 8192  # they are full from then on
    assert "patience with eve: 1.0 of 1 s" in told
    said, heard = re.findall(r"ann > line (\d+)", told), re.findall(r"bob < client 1: line (\d+)", told)
    assert int(heard[-1]) == int(said[-1]) > 256


def test_the_stuck_client_has_every_line_and_goodbye() -> None:
    result = run_demo("8")
    for name in ("ann", "eve"):
        lines = re.findall(rf"^{name}    < (.*)$", result.stdout, re.MULTILINE)
        assert lines[1] == "client 2: line 1" and "goodbye" in lines
    assert result.stdout.index("server | stopped") < result.stdout.index("eve    < client 2: line 1")


def test_the_same_lines_with_fewer_calls() -> None:
    result = run_demo("10")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    told = " ".join(result.stdout.replace(",", "").split())
    figures = {
        stage: re.findall(rf"stage {stage} = lines said: (\d+); deliveries: (\d+); calls of send: (\d+)", told)[-1]
        for stage in ("09", "10")
    }
    (lines, deliveries, calls), (_, same, fewer) = (map(int, figures[stage]) for stage in ("09", "10"))
    assert deliveries == same == calls == 9 * lines
    assert fewer * 4 < calls


def test_every_solution_has_a_script() -> None:
    from chatlab import demo

    assert sorted(demo.SCRIPTS) == sorted(folder.name for folder in (ROOT / "solutions").glob("[0-9][0-9]_*"))


def test_captions_fit_in_every_language() -> None:
    from chatlab import demo, language
    from chatlab.demo.screen import CAPTION

    try:
        for name in language.languages():
            language.choose(name)
            for script in demo.SCRIPTS.values():
                for step in script.steps:
                    assert len(textwrap.wrap(language.tr(step.caption), 78)) <= CAPTION, (name, step.caption)
                for who, program in script.cast().items():
                    room = 78 if who == "explorer" else 38
                    assert len(f"- {who}: {language.tr(program)} ") <= room, (name, program)
    finally:
        language.choose("en")


@pytest.mark.parametrize("stage", ["4", "7", "9", "10"])
def test_nothing_is_installed(stage: str) -> None:
    result = subprocess.run(
        [sys.executable, "-S", "-E", "lab.py", "demo", stage], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("stage", ["11", "0", "chat", "", "9x"])
def test_an_unknown_stage(stage: str) -> None:
    result = run_demo(stage)
    assert result.returncode == 2
    assert_one_sentence(result.stderr)
    assert "there is no stage" in result.stderr
    assert result.stdout == ""


def test_a_server_that_never_broadcasts(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "09_chat", "if client is not sender:", "if False:")
    result = run_demo(root=root, before="demo.play.DEADLINE = 1.5")
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
    result = run_demo("7", root=root, before="demo.play.DEADLINE = 2.5")
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "bob no longer hears what is said" in result.stderr


def test_an_outbox_without_a_bound(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "07_slow_reader", "= queue.Queue(OUTBOX)", "= queue.Queue()")
    result = run_demo("7", root=root)
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "without a bound" in result.stderr


def test_a_lock_that_locks_nothing(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "04_registry", "self.lock = threading.Lock()", "self.lock = NO_LOCK")
    server = tmp_path / "solutions" / "04_registry" / "server.py"
    text = server.read_text(encoding="utf-8").replace("NO_LOCK", "contextlib.nullcontext()")
    server.write_text(text.replace("import os\n", "import contextlib\nimport os\n"), encoding="utf-8")
    result = run_demo("4", root=root)
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "both told" in result.stderr


def test_a_goodbye_that_is_forgotten(tmp_path: Path) -> None:
    root = copy_with(tmp_path, "08_shutdown", 'client.last_words = "goodbye"', 'client.last_words = ""')
    result = run_demo("8", root=root)
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "'goodbye'" in result.stderr


def test_a_stage_10_that_is_no_faster(tmp_path: Path) -> None:
    for stage in ("09_chat", "10_fast"):
        shutil.copytree(ROOT / "solutions" / "09_chat", tmp_path / "solutions" / stage)
    result = run_demo("10", root=tmp_path)
    assert result.returncode == 1
    assert_one_sentence(result.stderr)
    assert "stage 10 has called send 18900 times" in result.stderr


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


def run_on_terminal(
    before: str, *arguments: str, interrupt_at: str = "", columns: int = 120, lines: int = 40, **variables: str
) -> tuple[str, int]:
    """Run the demo on a terminal; return what it wrote there, with what is no output at all, and its exit status."""
    pty = pytest.importorskip("pty", reason="a terminal for tests exists on POSIX alone")
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": str(lines)}
    environment |= {"NO_COLOR": "", **variables}
    written = b""
    with subprocess.Popen(
        command(*arguments, before=before), cwd=ROOT, env=environment, stdout=its, stderr=its
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
    written, status = run_on_terminal("demo.play.LENGTH = 0")
    assert status == 0
    for text in ("\x1b[?25l", "\u250c\u2500 server: server.py", "eve: client.py", "bob to you: a secret", "\x1b[36m"):
        assert text in written
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


def test_no_color() -> None:
    written, status = run_on_terminal("demo.play.LENGTH = 0", NO_COLOR="1")
    assert status == 0
    assert "bob to you: a secret" in written
    assert "m" not in re.findall(r"\x1b\[[0-9;?]*([A-Za-z])", written)


def test_ctrl_c_ends_it_all_and_gives_the_terminal_back() -> None:
    written, status = run_on_terminal("demo.play.LENGTH = 60", interrupt_at="you are client 1")
    assert status == 130
    assert "Traceback" not in written
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert_server_has_ended(written)


@pytest.mark.parametrize(
    "stage, at", [("4", "without the lock"), ("7", "eve's outbox"), ("8", "client 2: line 1"), ("10", "calls of send")]
)
def test_ctrl_c_in_the_middle_of_a_scene(stage: str, at: str) -> None:
    written, status = run_on_terminal("demo.play.LENGTH = 60", stage, interrupt_at=at)
    assert status == 130
    assert "Traceback" not in written and "All programs have ended" not in written
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


@pytest.mark.parametrize("stage", [str(number) for number in range(1, 11)])
def test_a_small_terminal(stage: str) -> None:
    """On 80x24 every row is just as wide as the terminal, and two rows stay free: nothing scrolls."""
    written, status = run_on_terminal("demo.play.LENGTH = 0", stage, columns=80, lines=24)
    assert status == 0
    drawn = re.findall(r"\x1b\[(\d+);1H([^\n]*?)(?=\x1b\[\d+;1H|\x1b\[\?25h)", written)
    assert drawn
    for number, row in drawn:
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", row)
        assert int(number) <= 23 and len(shown) == (80 if int(number) < 23 else 0), (number, shown)
    assert written.endswith("--live\r\n")
