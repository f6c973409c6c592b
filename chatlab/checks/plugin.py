"""The pytest plugin: `--work`, `--stage`, the fixtures, parents and points, and one result for each check."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from ..language import spoken, tr
from .program import Programs
from .races import race_of
from .report import Cause, CheckFailed
from .server import Server

ROOT = Path(__file__).resolve().parents[2]
AT_IMPORT = {"exit-at-import", "import-error", "runs-at-import", "import-hangs"}
BROKEN = {"no-file", "syntax", "no-serve", "no-chat", *AT_IMPORT}
STAGE_FILE = re.compile(r"test_(\d\d)_\w+\.py")


@dataclass
class Result:
    """What came of one check: status is "passed", "failed" or "not run"."""

    stage: int  # whose folder was checked
    home: int  # the stage that the check belongs to
    name: str
    title: str
    points: int  # 0 for a check of an earlier stage
    status: str
    seconds: float = 0.0
    cause: str = ""  # its key, such as "torn"
    message: str = ""  # its first sentence, or why the check was not run
    lines: list[str] = field(default_factory=list)  # the whole message
    transcript: list[str] = field(default_factory=list)
    extra: bool = False  # whether it is the instructor's own


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chatlab")
    group.addoption("--work", default="solutions", help="folder with the stages' folders to check (default: solutions)")
    group.addoption("--stage", type=int, help="check the folder of this stage alone, its own checks first")
    group.addoption("--results", metavar="HOST:PORT", help="send each result there as a line of JSON")
    group.addoption("--own", action="store_true", help="leave out the checks of earlier stages")
    group.addoption("--isolated", choices=("namespaces", "user", "limits"), help="shut the student's programs in")
    group.addoption("--hidden", default="", help="folders that shut-in programs must not see, as in PATH")
    group.addoption("--done", default="", help="checks to leave out, and what came of them: NAME:STATUS,NAME:STATUS")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "check(points, needs, until): a check of a stage; see chatlab.checks.check")
    config.pluginmanager.register(Reporter(config), "chatlab-reporter")
    spoken()  # reads the catalogue now: a student's program may leave no file descriptor for it
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # Started in the background by a shell: then programs that we start would not hear Ctrl-C either.
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Which checks run on which stage


def home_stage(path: Path) -> int | None:
    """Return the stage that a test file belongs to; None for any other test."""
    match = STAGE_FILE.fullmatch(path.name)
    return int(match[1]) if match else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("check")
    if marker is None:
        return
    home = home_stage(metafunc.definition.path)
    until = home if metafunc.config.getoption("--own") else marker.kwargs["until"] or home
    stages = range(home, until + 1)
    only = metafunc.config.getoption("--stage")
    chosen = [stage for stage in stages if only in (None, stage)]
    metafunc.parametrize("stage", chosen, ids=[f"stage {stage:02}" for stage in chosen], scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    only = config.getoption("--stage")
    if only is None:
        return
    done = statuses(config)
    keep = [
        item
        for item in items
        if item.get_closest_marker("check") and hasattr(item, "callspec") and name_of(item) not in done
    ]
    keep = [item for item in keep if item.callspec.params.get("stage") == only]
    keep.sort(key=lambda item: home_stage(item.path) != only)  # its own checks first
    items[:] = keep


def statuses(config: pytest.Config) -> dict[str, str]:
    """Return what an earlier process has made of checks, by their names."""
    return dict(pair.split(":") for pair in config.getoption("--done").split(",") if pair)


def name_of(item: pytest.Item) -> str:
    return item.originalname.removeprefix("test_")


# Fixtures


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> int:
    """The number of the stage whose folder is checked."""
    return request.param


@pytest.fixture
def folder(stage: int, request: pytest.FixtureRequest) -> Path:
    """The folder of the stage that is checked."""
    work = Path(request.config.getoption("--work"))
    work = work if work.is_absolute() else ROOT / work
    found = sorted(work.glob(f"{stage:02}_*"))
    return found[0] if found else work / f"{stage:02}_missing"


@pytest.fixture(scope="session")
def shut(request: pytest.FixtureRequest):
    """How the student's programs are shut in; None where they run as they are."""
    how = request.config.getoption("--isolated")
    if how is None:
        yield None
        return
    from ..grading.remote import Shut

    hidden = request.config.getoption("--hidden").split(os.pathsep)
    shut = Shut([Path(path) for path in hidden if path], how)
    yield shut
    shut.end()


@pytest.fixture
def server(stage: int, folder: Path, shut):
    """The student's server, started on the first connection; when the check is over, nothing of it may be left."""
    if shut:
        from ..grading.remote import RemoteServer

        server = RemoteServer(folder / "server.py", stage, shut)
    else:
        server = Server(folder / "server.py", stage)
    yield server
    server.destroy()


@pytest.fixture
def programs(stage: int, folder: Path, shut):
    """Starts server.py and client.py as processes."""
    launcher = None
    if shut:
        from ..grading.remote import RemoteLauncher

        launcher = RemoteLauncher(shut, stage)
    programs = Programs(folder, stage, launcher)
    yield programs
    programs.destroy()


@pytest.fixture
def race(stage: int, folder: Path, shut, request: pytest.FixtureRequest):
    """Runs the student's server under many thread schedules with a scenario's clients; fails by the one that breaks it.

    In the stage that the check belongs to every schedule with two delays is tried, up to a number; later, with one.
    """
    run = race_of
    if shut:
        from ..grading import remote

        run = functools.partial(remote.race, shut)
    return functools.partial(run, folder, stage, home_stage(request.node.path) == stage)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function):
    """A server that leaves something behind fails its check, in the check itself."""
    result = yield
    server = pyfuncitem.funcargs.get("server")
    if isinstance(server, Server):
        server.stop()
    return result


# Parents, and one result for each check


class Reporter:
    """Keeps what came of each check, and sends it on as it comes."""

    def __init__(self, config: pytest.Config) -> None:
        self.results: dict[tuple[int, str], Result] = {}
        self.broken: dict[int, str] = {}  # stages whose files cannot be imported: one failure tells it
        self.started = 0.0
        self.line = self.connection = None
        if address := config.getoption("--results"):
            host, port = address.rsplit(":", 1)
            self.connection = socket.create_connection((host, int(port)))
            self.line = self.connection.makefile("w", encoding="utf-8")
        self.earlier = statuses(config)

    def tell(self, kind: str, content: dict) -> None:
        if self.line:
            self.line.write(json.dumps({"kind": kind, **content}) + "\n")
            self.line.flush()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        checks = [item for item in session.items if item.get_closest_marker("check")]
        self.tell("plan", {"checks": [asdict(self.result(item, "not run")) for item in checks]})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Everything is ready: wait until somebody wants the results."""
        if self.connection and not self.connection.recv(2):
            pytest.exit(tr("nobody waits for the results any more"), 1)

    def result(self, item: pytest.Item, status: str, **more) -> Result:
        marker = item.get_closest_marker("check").kwargs
        stage, home = item.callspec.params["stage"], home_stage(item.path)
        title = tr((item.function.__doc__ or name_of(item)).strip().split("\n")[0]).rstrip(".")
        points = marker["points"] if stage == home else 0
        extra = ROOT / "tests" / "stages" not in item.path.parents
        return Result(stage, home, name_of(item), title, points, status, extra=extra, **more)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not item.get_closest_marker("check"):
            return
        self.started = time.monotonic()
        self.tell("start", {"name": name_of(item)})
        needs = item.get_closest_marker("check").kwargs["needs"]
        if broken := self.broken.get(item.callspec.params["stage"]):
            pytest.skip(tr("not run: needs {broken}", broken=broken))
        parent = self.results.get((item.callspec.params["stage"], needs or ""))
        if (parent.status if parent else self.earlier.get(needs or "", "passed")) != "passed":
            pytest.skip(tr("not run: needs {needs}", needs=needs))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo):
        report = yield
        if not item.get_closest_marker("check"):
            return report
        failed = call.excinfo.value if call.excinfo and report.failed else None
        if failed is not None:
            failure = failed if isinstance(failed, CheckFailed) else self.unexpected(item, failed)
            if isinstance(failed, CheckFailed) or isinstance(failed, pytest.fail.Exception):
                report.longrepr = "\n".join(failure.lines() + [f"[{failure.cause.key}]"])
            more = {
                "cause": failure.cause.key,
                "message": failure.cause.text.split("\n")[0],
                "lines": failure.lines(),
                "transcript": failure.transcript,
            }
            if failure.cause.key in BROKEN:
                self.broken[item.callspec.params["stage"]] = tr("files that can be imported")
            self.keep(self.result(item, "failed", seconds=time.monotonic() - self.started, **more))
        elif report.skipped:
            reason = str(call.excinfo.value)
            self.keep(self.result(item, "not run", message=reason))
        elif call.when == "call":
            self.keep(self.result(item, "passed", seconds=time.monotonic() - self.started))
        return report

    def unexpected(self, item: pytest.Item, error: BaseException) -> CheckFailed:
        """Return a failure for what no check has raised on purpose: a time limit, or an error of the harness."""
        server = item.funcargs.get("server")
        transcript = server.transcript.lines() if isinstance(server, Server) else []
        stands = server.stands() if isinstance(server, Server) else []
        if isinstance(error, pytest.fail.Exception) and "Timeout" in str(error):
            text = tr("The check took longer than its time limit and was ended. Something waits, or runs, for ever.")
            return CheckFailed("", Cause("hang", text), transcript, stands)
        text = tr("The check itself failed with {name}: {error}", name=type(error).__name__, error=error)
        return CheckFailed("", Cause("check-error", text), transcript, stands)

    def keep(self, result: Result) -> None:
        key = (result.stage, result.name)
        if key in self.results and self.results[key].status == "failed":
            return  # a failed check stays failed, whatever its teardown says
        self.results[key] = result
        self.tell("result", asdict(result))

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        if self.line:
            self.tell("end", {})
            self.line.close()
        left = [thread for thread in _threads() if not thread.daemon]
        if left:  # a student's thread that nothing could end must not keep the whole run alive
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(getattr(self, "status", 1))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self.status = int(exitstatus)


def _threads():
    import threading

    return [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
