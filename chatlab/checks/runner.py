"""Run the checks of one stage in a process of its own, and tell each result as it comes.

The process has a deadline; a check in which it hangs, crashes or ends is a failed check, and the rest goes on in a new
process. Results come over a loopback connection, so that nothing the student prints is taken for one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..language import tr
from .plugin import ROOT, Result

QUICK = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # with plain asserts, half the time that pytest takes to start
TESTS = ROOT / "tests" / "stages"
CHECK_LIMIT = 60.0  # seconds without a word from the process; each check's own limit is half of it


def run_stage(
    stage: int, work: Path, fail_fast: bool = False, tests: list[Path] | None = None, options: list[str] | None = None
) -> Iterator[Result]:
    """Yield the result of every check of the stage, in order; with fail_fast, up to the first that fails.

    work: the folder that holds the stages' folders. tests: the folders of the grading tests. options: more of the
    plugin's. Raises RuntimeError where the checks themselves cannot run.
    """
    for kind, what in StageRun(stage, work, fail_fast, tests, options).events():
        if kind == "result":
            yield what


class StageRun:
    """The checks of one stage, ready to begin at once: their process is started here, and waits for `events`.

    The student's files are read when the checks run, not before. The arguments are those of run_stage.
    """

    def __init__(
        self,
        stage: int,
        work: Path,
        fail_fast: bool = False,
        tests: list[Path] | None = None,
        options: list[str] | None = None,
    ) -> None:
        self.stage, self.work, self.fail_fast = stage, work, fail_fast
        self.tests, self.options = tests or [TESTS], options or []
        self.begun = self.cancelled = False
        self._process = _Process(stage, work, {}, self.tests, self.options)

    def events(self) -> Iterator[tuple[str, Result]]:
        """Run the checks; yield ("plan", check) for each, then ("start", check) and ("result", check) as they come.

        Raises RuntimeError where the checks themselves cannot run.
        """
        self.begun = True
        done: dict[str, Result] = {}
        while True:
            running: Result | None = None
            plan: dict[str, Result] = {}
            ended = False
            with self._process as process:
                for message in process.messages():
                    kind = message.pop("kind")
                    if kind == "plan":
                        plan = {check["name"]: Result(**check) for check in message["checks"]}
                        for check in () if done else plan.values():
                            yield "plan", check
                    elif kind == "start":
                        running = plan[message["name"]]
                        yield "start", running
                    elif kind == "result":
                        result = Result(**message)
                        done[result.name] = result
                        running = None
                        yield "result", result
                        if self.fail_fast and result.status == "failed":
                            return
                    elif kind == "end":
                        ended = True
                if ended or self.cancelled:
                    return
                if running is None:
                    raise RuntimeError(
                        tr(
                            "the checks of stage {stage:02} cannot run:\n{value}",
                            stage=self.stage,
                            value=process.output(),
                        )
                    )
                running.status = "failed"
                running.cause = "hang" if process.hung else "process-ended"
                running.message = (
                    tr("The check did not end; its process was ended.")
                    if process.hung
                    else tr(
                        "The whole process ended in the middle of this check: the program calls os._exit, or "
                        "it crashed."
                    )
                )
                running.lines = [running.message, *process.output().splitlines()[-5:]]
            done[running.name] = running
            yield "result", running
            if self.fail_fast or self.cancelled:
                return
            self._process = _Process(self.stage, self.work, done, self.tests, self.options)

    def cancel(self) -> None:
        """End the run, from any thread, whether it has begun or not; events comes to its end then."""
        self.cancelled = True
        if self.begun:
            self._process.end()
        else:
            with self._process as process:
                process.kill()


def plan(stage: int, tests: list[Path] | None = None, options: list[str] | None = None) -> list[Result]:
    """Return the checks of a stage as they are before they are run. Raises RuntimeError where they cannot run."""
    with _Process(stage, ROOT, {}, tests or [TESTS], [*(options or []), "--collect-only"]) as process:
        for message in process.messages():
            if message["kind"] == "plan":
                return [Result(**check) for check in message["checks"]]
    raise RuntimeError(tr("the checks of stage {stage:02} cannot run:\n{value}", stage=stage, value=process.output()))


class _Process:
    """One pytest process and the connection on which its results come; it runs no check before messages is called."""

    def __init__(self, stage: int, work: Path, done: dict[str, Result], tests: list[Path], options: list[str]) -> None:
        self.hung = False
        self.log = tempfile.TemporaryFile()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "pytest",
                    *map(str, tests),
                    "--work",
                    str(work.resolve()),
                    "--stage",
                    str(stage),
                ),
                *options,
                *(
                    "--results",
                    f"127.0.0.1:{self.listener.getsockname()[1]}",
                    "--done",
                    ",".join(f"{name}:{result.status}" for name, result in done.items()),
                ),
                *("--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "-p", "chatlab.checks.plugin"),
                *("-q", "--no-header", "-p", "pytest_timeout", "-p", "no:cacheprovider", "--assert=plain"),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUTF8": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT), **QUICK},
        )

    def messages(self) -> Iterator[dict]:
        """Yield what the process tells, until it ends, or says nothing for CHECK_LIMIT seconds."""
        connection = self._accept()
        if connection is None:
            return
        connection.settimeout(CHECK_LIMIT)
        with connection, connection.makefile("r", encoding="utf-8") as lines:
            try:
                connection.sendall(b"go")
                for line in lines:
                    yield json.loads(line)
            except TimeoutError:
                self.hung = True
            except OSError:
                pass  # the process has crashed: no end was told

    def _accept(self) -> socket.socket | None:
        """Return the process's connection; None where it ends, or CHECK_LIMIT passes, without one."""
        self.listener.settimeout(0.1)
        for _ in range(int(CHECK_LIMIT / 0.1)):
            try:
                return self.listener.accept()[0]
            except TimeoutError:
                if self.process.poll() is not None:
                    return None
        return None

    def end(self) -> None:
        """Ask the process to end, in its own way: so that it ends the programs that it has started."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)

    def kill(self) -> None:
        self.process.kill()

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *exception: object) -> None:
        if exception[0] is not None or self.hung:
            self.process.kill()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listener.close()
        self.log.close()
