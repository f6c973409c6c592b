"""Watch mode: a save is checked at once, what failed is told, a complete stage leads to the next."""

import asyncio
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from textual.widgets import Static

from chatlab import stages
from chatlab.checks.runner import StageRun
from chatlab.stages import find_stage
from chatlab.watch import Board, Watch, snapshot

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 40  # seconds


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Stages 01 and 02 as a beginner finds them, and a state of their own."""
    folder = tmp_path / "stages"
    shutil.copytree(ROOT / "stages", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for stage in stages.load_stages():
        for file in stages.FILES:
            (folder / stage.folder / file).write_text(stage.starter(file), encoding="utf-8", newline="\n")
    monkeypatch.setattr(stages, "WORK", folder)
    monkeypatch.setattr(stages, "STATE", tmp_path / "state")
    return folder


def drive(stage: str, script) -> None:
    """Run the app on a screen of 80 by 24, and the script with it: script(app, pilot)."""

    async def run() -> None:
        app = Watch(find_stage(stage))
        async with app.run_test(size=(80, 24)) as pilot:
            await concluded(app)
            await asyncio.wait_for(script(app, pilot), LIMIT)
            await pilot.press("q")
        assert app.return_value == 0

    asyncio.run(run())


async def concluded(app: Watch) -> None:
    await asyncio.wait_for(app.concluded.wait(), LIMIT)


async def save(app: Watch, path: Path, text: str) -> None:
    """Save a file as an editor does, and wait for the verdict on it."""
    app.concluded.clear()
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8", newline="\n")
    new.replace(path)
    await concluded(app)


def screen(app: Watch) -> str:
    """Return what stands on the screen."""
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


def story(app: Watch) -> str:
    """Return all that stands beneath the checks, what is scrolled away too."""
    return str(app.query_one("#text", Static).content)


def solution(stage: str, file: str) -> str:
    return (stages.SOLUTIONS / stage / file).read_text(encoding="utf-8")


@pytest.mark.timeout(90)
def test_from_the_starter_to_the_next_stage(work):
    """The starter's first gap is told; the solution saved turns all green; n leads on, and not before."""

    async def script(app, pilot):
        assert "Still to be written: server.py, line" in screen(app)
        await pilot.press("n")
        assert "not complete yet" in screen(app)
        await save(app, work / "01_echo" / "server.py", solution("01_echo", "server.py"))
        assert "✗" in screen(app) and "client.py" in screen(app)
        await save(app, work / "01_echo" / "client.py", solution("01_echo", "client.py"))
        assert "Stage 01 Echo is complete." in screen(app) and "✗" not in screen(app)
        await app.workers.wait_for_complete([worker for worker in app.workers if worker.group == "runs"])
        assert "├──" in story(app) and '"hello"' in story(app)  # the student's own server, drawn
        assert find_stage("1").passed()
        app.concluded.clear()
        await pilot.press("n")
        await concluded(app)
        assert "Stage 02 Lines" in screen(app) and "✗" in screen(app)

    drive("1", script)


@pytest.mark.timeout(60)
def test_keys(work):
    """h gives one hint after another, s the list of stages; on a Russian keyboard too."""

    async def script(app, pilot):
        await pilot.press("h")
        assert "hint 1 of" in screen(app)
        await pilot.press("cyrillic_small_letter_er")
        assert "hint 2 of" in screen(app)
        await pilot.press("s")
        await pilot.pause()
        assert "03 Threads" in screen(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "03 Threads" not in screen(app)
        app.concluded.clear()
        await pilot.press("s", "down", "enter")
        await concluded(app)
        assert "Stage 02 Lines" in screen(app)

    drive("1", script)


@pytest.mark.timeout(60)
def test_a_save_ends_the_run_before_it(work):
    """A program that hangs does not keep the next save waiting."""

    async def script(app, pilot):
        path = work / "01_echo" / "server.py"
        hangs = solution("01_echo", "server.py") + "\nwhile True:\n    pass\n"
        first = app.run_now
        path.write_text(hangs, encoding="utf-8")
        while app.run_now is first:
            await pilot.pause()
        await save(app, path, "this is no Python\n")
        assert "line 1" in screen(app)

    drive("1", script)


def test_a_file_that_is_gone(work):
    """Without server.py there is one clear sentence."""

    async def script(app, pilot):
        app.concluded.clear()
        (work / "01_echo" / "server.py").unlink()
        await concluded(app)
        assert "server.py" in screen(app) and "✗" in screen(app)

    drive("1", script)


def test_a_change_while_the_checks_ran_is_not_passed(work):
    """Only files that were the same from beginning to end are noted down as complete."""
    for file in stages.FILES:
        (work / "01_echo" / file).write_text(solution("01_echo", file), encoding="utf-8")

    async def script(app, pilot):
        assert find_stage("1").passed()
        (app.stage.work / "server.py").write_text(solution("01_echo", "server.py") + "\n", encoding="utf-8")
        assert not find_stage("1").passed()

    drive("1", script)


def test_snapshot_tells_a_save(tmp_path):
    """Any save counts, one that changes nothing too; other files do not."""
    path = tmp_path / "server.py"
    path.write_text("a")
    before = snapshot(tmp_path)
    (tmp_path / "notes.txt").write_text("b")
    assert snapshot(tmp_path) == before
    os.utime(path, ns=(1, 1))
    assert snapshot(tmp_path) != before


@pytest.mark.timeout(60)
def test_run_ready_before_it_is_needed(work):
    """A run reads the student's files when it begins, not when it is made ready."""
    run = StageRun(1, work, fail_fast=True)
    for file in stages.FILES:
        (work / "01_echo" / file).write_text(solution("01_echo", file), encoding="utf-8")
    board = Board(find_stage("1"))
    for kind, result in run.events():
        board.take(kind, result)
    assert board.complete and board.points == board.stage.points


def test_run_cancelled_before_it_begins(work):
    """A run that is not needed any more leaves no process."""
    run = StageRun(1, work)
    process = run._process.process
    run.cancel()
    assert process.poll() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="pty is for POSIX")
@pytest.mark.timeout(60)
def test_lab_on_a_terminal(work):
    """`lab` without a command opens it on a terminal; q ends it with status 0, and the terminal is as it was."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "chatlab"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environment) as process:
        os.close(slave)
        try:
            heard = read_until(master, "TODO")
            os.write(master, b"q")
            heard += read_until(master, "\x1b[?1049l")
            assert process.wait(LIMIT) == 0
        finally:
            process.kill()
            os.close(master)
    assert "Stage" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", heard)


def read_until(terminal: int, text: str) -> str:
    """Return what the terminal shows, up to this text at least."""
    heard, deadline = b"", time.monotonic() + LIMIT
    while text.encode() not in heard:
        assert select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0], heard.decode(errors="replace")
        heard += os.read(terminal, 65536)
    return heard.decode(errors="replace")


def test_without_a_terminal():
    """watch says what to use instead; lab alone says where the student is."""
    result = subprocess.run(
        [sys.executable, "-m", "chatlab", "watch"], capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert result.returncode == 2 and result.stderr.startswith("lab: watch needs a terminal")
