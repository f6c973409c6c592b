"""The command `lab` as a student uses it, in a copy of the lab."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatlab.stages import load_stages

pytestmark = pytest.mark.timeout(180)  # they run beside much else
ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="a test cannot press Ctrl-C on Windows")


class Lab:
    """A copy of the lab, and its command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("chatlab", "stages", "solutions", "tests/stages"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("pyproject.toml", "tests/conftest.py"):
            shutil.copyfile(ROOT / name, folder / name)
        self.environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONUTF8": "1", "COLUMNS": "100"}

    def __call__(self, *arguments: str, status: int = 0) -> str:
        """Run the command, which must end with this status and without a traceback; returns what it printed."""
        result = subprocess.run(
            [sys.executable, "-m", "chatlab", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        printed = result.stdout + result.stderr
        assert result.returncode == status, printed
        assert "Traceback" not in result.stderr  # a student's program may have one, which is shown
        return printed

    def work(self, stage: str, file: str = "server.py") -> Path:
        return self.folder / "stages" / stage / file

    def solve(self, stage: str) -> None:
        for file in ("server.py", "client.py"):
            shutil.copyfile(self.folder / "solutions" / stage / file, self.work(stage, file))


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path / "lab")


def test_where_you_are_at_the_start(lab):
    printed = lab()
    assert "Next comes stage 01 Echo" in printed
    assert "check 1" in printed and "hint 1" in printed


def test_check_of_the_untouched_starter_says_what_to_do_first(lab):
    printed = lab("check", "1", status=1)
    assert len(printed.splitlines()) <= 25
    assert "server.py, line 12" in printed and "TODO 1" in printed
    assert "\x1b" not in printed, "plain text where it is not a terminal"


@pytest.mark.timeout(120)
def test_a_complete_stage_and_what_is_next(lab):
    lab.solve("01_echo")
    printed = lab("check", "1")
    assert "Stage 01 Echo is complete: 18 of 18 points" in printed
    assert lab("check", status=1).startswith("Stage 02 Lines"), "without a stage: the one you are at"
    assert "Next comes stage 02 Lines" in lab()
    lab.work("01_echo").write_text("def serve(listener): pass\n", encoding="utf-8")
    assert "You are at stage 01 Echo" in lab(), "progress is read from the work, not from a file"


def test_check_stops_at_the_first_failure_unless_told(lab):
    text = lab.work("01_echo").read_text(encoding="utf-8")
    lab.solve("01_echo")
    broken = lab.work("01_echo").read_text(encoding="utf-8").replace("sendall(data)", "sendall(data.upper())")
    lab.work("01_echo").write_text(broken, encoding="utf-8")
    printed = lab("check", "1", status=1)
    assert printed.count("✗") == 1 and "1 of 18 points" in printed
    assert "HELLO" in printed
    everything = lab("check", "1", "--all", status=1)
    assert "✓ Nobody listens: one sentence, exit status 1" in everything
    assert "needs hello" in everything
    assert text != broken


def test_check_as_json(lab):
    content = json.loads(lab("check", "1", "--json", status=1))
    (result,) = content["results"]
    assert (content["stage"], content["points"], content["of"]) == ("01_echo", 0, 18)
    assert (result["name"], result["status"], result["cause"]) == ("listens", "failed", "todo")


@pytest.mark.parametrize("name", ["0", "11", "zz", "01_eco"])
def test_no_such_stage(lab, name):
    printed = lab("check", name, status=2)
    assert printed.startswith("lab: There is no stage") and len(printed.splitlines()) == 1


def test_hints_come_one_at_a_time(lab):
    hints = load_stages()[0].hints[1]
    for number, hint in enumerate(hints, start=1):
        printed = lab("hint", "1")
        assert f"TODO 1, hint {number} of {len(hints)}" in " ".join(printed.split())
        assert hint.split()[0] in printed
    assert f"hint {len(hints)} of {len(hints)}" in lab("hint", "1")
    assert "TODO 2, hint 1" in lab("hint", "1", "2")
    assert "has no TODO 9" in lab("hint", "1", "9", status=2)


def test_hint_is_for_the_first_todo_that_is_open(lab):
    lab.solve("01_echo")
    assert "Every TODO of stage 01 Echo is filled in" in lab("hint", "1")
    text = lab.work("01_echo", "client.py")
    shutil.copyfile(ROOT / "stages" / "01_echo" / "client.py", text)
    assert "TODO 5, hint 1" in lab("hint", "1")


def test_reset_loses_nothing(lab):
    assert "nothing to do" in lab("reset", "1")
    mine = lab.work("01_echo")
    mine.write_text("# all my work\n", encoding="utf-8")
    printed = lab("reset", "echo")
    (aside,) = (lab.folder / ".lab" / "aside").iterdir()
    assert aside.name in printed
    assert (aside / "server.py").read_text(encoding="utf-8") == "# all my work\n"
    assert mine.read_text(encoding="utf-8") == (ROOT / "stages" / "01_echo" / "server.py").read_text(encoding="utf-8")


def test_reset_brings_back_a_folder_that_is_gone(lab):
    shutil.rmtree(lab.folder / "stages" / "01_echo")
    assert "There is no folder" in lab("check", "1", status=2)
    lab("reset", "1")
    assert lab.work("01_echo").is_file() and lab.work("01_echo", "client.py").is_file()


def test_carry_takes_my_code_on_and_loses_nothing(lab):
    assert "not begun" in lab("carry", "3", status=2)
    lab.solve("03_threads")
    lab.work("04_registry").write_text("# begun already\n", encoding="utf-8")
    printed = lab("carry", "3")
    assert "has your own code of stage 03 Threads" in printed and "is now in" in printed
    assert lab.work("04_registry").read_bytes() == lab.work("03_threads").read_bytes()
    (aside,) = (lab.folder / ".lab" / "aside").iterdir()
    assert (aside / "server.py").read_text(encoding="utf-8") == "# begun already\n"
    lab.work("10_fast").write_text("# mine\n", encoding="utf-8")
    assert "is the last" in lab("carry", "10", status=2)


def test_diff_of_two_stages_reads_like_the_lesson(lab):
    printed = lab("diff", "2", "3")
    assert "+        threading.Thread(target=handle, args=(connection,), daemon=True).start()" in printed
    assert "SOLUTION" not in printed
    assert "+            self.lock = " not in lab("diff", "3", "4", "--mine")


def test_starters_are_made_again_and_nothing_is_lost(lab):
    assert "up to date" in lab("starters", "--check")
    lab.work("02_lines").write_text("# mine\n", encoding="utf-8")
    assert "stages/02_lines/server.py is not what" in lab("starters", "--check", status=1)
    printed = lab("starters")
    (aside,) = (lab.folder / ".lab" / "aside").iterdir()
    assert aside.name in printed
    assert (aside / "server.py").read_text(encoding="utf-8") == "# mine\n"
    assert "up to date" in lab("starters", "--check")


@POSIX
def test_run_starts_my_server_and_ctrl_c_ends_both(lab):
    lab.solve("01_echo")
    process = subprocess.Popen(
        [sys.executable, "-m", "chatlab", "run", "1", "server", "127.0.0.1", "0"],
        cwd=lab.folder,
        env=lab.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline().startswith("listening on 127.0.0.1:")
        for _ in range(10):  # a Ctrl-C just before accept is noticed only when accept returns: press it again
            os.killpg(process.pid, signal.SIGINT)  # what a terminal does
            try:
                process.wait(3)
                break
            except subprocess.TimeoutExpired:
                continue
        assert process.wait(30) == 0
        assert process.stdout.read() == "stopped\n"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def test_help_names_every_command(lab):
    printed = lab("--help")
    commands = (
        "check hint run diff carry reset starters demo explore replay bench notebooks grade gradescope test stress"
    )
    for command in commands.split():
        assert re.search(rf"^    {command}\s", printed, re.M), command


MIXED = "the lines of two speakers are mixed"
RACY = ROOT / "tests" / "mistakes" / "05_broadcast" / "no_lock_for_a_client.py"


def test_explore_finds_a_race_and_replay_shows_it_gone_when_it_is_mended(lab):
    lab.solve("05_broadcast")
    shutil.copyfile(RACY, lab.work("05_broadcast"))
    printed = lab(
        "explore", "5", "--scenario", "two_speak_at_once", "--html", "race.html", "--svg", "race.svg", status=1
    )
    assert "✗ two_speak_at_once" in printed and MIXED in " ".join(printed.split())
    assert max(map(len, printed.splitlines())) <= 100
    assert (lab.folder / "race.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (lab.folder / "race.svg").read_text(encoding="utf-8").startswith("<svg")
    saved = ".lab/races/05_broadcast-two_speak_at_once.json"
    assert f"replay {saved}" in printed
    again = lab("replay", saved, "--html", "again.html", status=1)
    assert "as saved" in again and MIXED in " ".join(again.split())
    assert (lab.folder / "again.html").is_file()
    lab.solve("05_broadcast")
    mended = lab("replay", saved)
    assert "has changed since" in mended and "does not fail" in mended


def test_a_race_check_names_the_bug_and_how_to_replay_it(lab):
    lab.solve("05_broadcast")
    shutil.copyfile(RACY, lab.work("05_broadcast"))
    printed = lab("check", "5", status=1)
    assert MIXED in " ".join(printed.split())
    assert "sends b'client 1: good morning a' to eve" in printed
    assert "replay .lab/races/05_broadcast-two_speak_at_once.json" in printed


def test_explore_what_holds(lab):
    lab.solve("04_registry")
    printed = lab("explore", "4")
    assert printed.count("✓") == 3 and "Holds for all schedules with at most 2 delays" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("explore", "99"), "99"),
        (("explore", "no_such_file.py"), "There is no file no_such_file.py"),
        (
            ("explore", "5", "--scenario", "nobody_comes"),
            "There is no scenario 'nobody_comes'. There are: two_join_at_once",
        ),
        (("explore", "5", "--delays", "-1"), "--delays is a number from 0"),
        (("explore", "1"), "Races begin at stage 4"),
        (("replay", "nothing.json"), "There is no file nothing.json"),
        (("replay", "pyproject.toml"), "is no saved failure of the explorer"),
    ],
)
def test_explore_and_replay_say_what_is_wrong(lab, arguments, told):
    assert told in lab(*arguments, status=2)
