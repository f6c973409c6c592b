"""Make one record for each submission, wherever it runs, and write it as it comes."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ..checks.plugin import ROOT, Result
from ..checks.runner import TESTS, plan, run_stage
from ..language import tr
from . import sandbox, submissions
from .submissions import Refused, Submission

STAGE_LIMIT = 300.0  # seconds for the checks of one stage; what was not run by then counts as not passed
TIME_IS_UP = f"not run: the checks of this stage had taken {STAGE_LIMIT:.0f} s by then"
stopping = threading.Event()  # set when the grader is interrupted: whoever grades a submission gives it up


class Interrupted(Exception):
    """The grader was told to stop; what it was at is not kept."""


@dataclass(frozen=True)
class Options:
    """What every submission is graded by. It is sent to other machines, and so holds no path.

    extra: the instructor's own tests, by file name. hide: folders that no student's program may see.
    """

    stages: tuple[int, ...]
    runs: int = 1
    carried: bool = False  # whether the checks of earlier stages are run as well
    extra: tuple[tuple[str, str], ...] = ()
    visibility: str = "hidden"  # of the extra checks, in Gradescope's words
    hide: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A digest of all that decides a grade but the submission: the options and the lab's own files."""
        digest = hashlib.sha256(repr(replace(self, hide=())).encode())
        for folder in (ROOT / "chatlab", TESTS):
            for path in sorted(folder.rglob("*.py")):
                digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


@dataclass
class Check(Result):
    """What came of one check in all its runs: "unstable" where that was not the same each time."""

    visibility: str = "visible"
    outcomes: list[str] = field(default_factory=list)  # the status in each run, where there were several

    @property
    def earned(self) -> int:
        return self.points if self.status == "passed" else 0


@dataclass
class Record:
    """One submission's result: every check of every stage, and what was wrong with what was handed in."""

    name: str
    file_name: str
    checks: list[Check]
    notes: list[str] = field(default_factory=list)
    key: str = ""  # of the submission, the options and the lab: the same key, the same grade
    isolation: str = ""
    seconds: float = 0.0

    @property
    def earned(self) -> int:
        return sum(check.earned for check in self.checks)

    @property
    def most(self) -> int:
        return sum(check.points for check in self.checks)

    @property
    def unstable(self) -> list[Check]:
        return [check for check in self.checks if check.status == "unstable"]

    def of_stage(self, stage: int) -> list[Check]:
        return [check for check in self.checks if check.stage == stage]

    def write(self, folder: Path) -> None:
        """Write it as JSON, whole or not at all."""
        path = folder / f"{self.file_name}.json"
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        new.replace(path)

    @classmethod
    def read(cls, path: Path) -> Record:
        """Return what write wrote. Raises OSError or ValueError where that is not there, or not whole."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**content, "checks": [Check(**check) for check in content["checks"]]})
        except (TypeError, KeyError) as error:
            raise ValueError(str(error)) from None


def grade_one(name: str, file_name: str, packed: bytes, options: Options) -> Record:
    """Check one submission, shut in as well as this machine can, and return its record.

    packed: what submissions.take_in has made of it. Raises Interrupted, and RuntimeError where the checks cannot run.
    """
    begin = time.monotonic()
    way = sandbox.best_way()
    with tempfile.TemporaryDirectory(prefix="chatlab-") as folder, _tests(options.extra) as tests:
        os.chmod(folder, 0o755)  # for the user that its programs run as
        work = Path(folder) / "work"
        work.mkdir()
        submissions.unpack(packed, work)
        checks = []
        for stage in options.stages:
            checks += _stage(stage, work, tests, options, way)
    return Record(name, file_name, checks, isolation=way, seconds=time.monotonic() - begin)


def _stage(stage: int, work: Path, tests: list[Path], options: Options, way: str) -> list[Check]:
    if not any(work.glob(f"{stage:02}_*")):
        return none_of(stage, options, tr("This stage was not handed in."))
    hidden = os.pathsep.join([*options.hide, *map(str, tests)])
    arguments = [*_arguments(options.carried), "--isolated", way, "--hidden", hidden]
    runs: list[dict[str, Result]] = []
    planned = {_name(result): result for result in _planned(stage, options.carried, options.extra)}
    for _ in range(options.runs):
        begin = time.monotonic()
        run = dict(planned)
        for result in run_stage(stage, work, tests=tests, options=arguments):
            if stopping.is_set():
                raise Interrupted
            run[_name(result)] = result
            if time.monotonic() - begin > STAGE_LIMIT:
                break
        runs.append(run)
    return [_over_all([run[name] for run in runs], options) for name in planned]


def _name(result: Result) -> str:
    return f"{result.extra} {result.name}"


def _arguments(carried: bool) -> list[str]:
    return [] if carried else ["--own"]


@functools.lru_cache
def _planned(stage: int, carried: bool, extra: tuple[tuple[str, str], ...]) -> tuple[Result, ...]:
    """Return the checks of a stage as they are before they are run."""
    with _tests(extra) as tests:
        return tuple(plan(stage, tests=tests, options=_arguments(carried)))


def none_of(stage: int, options: Options, why: str) -> list[Check]:
    """Return the checks of a stage that was not there to be run."""
    told = {"status": "failed", "message": why, "cause": "not-handed-in", "lines": [why]}
    checks = _planned(stage, options.carried, options.extra)
    return [_check(replace(result, **told), options, []) for result in checks]


def _over_all(results: list[Result], options: Options) -> Check:
    outcomes = [result.status for result in results]
    results = [replace(it, message=TIME_IS_UP) if it.status == "not run" and not it.message else it for it in results]
    if len(set(outcomes)) == 1:
        return _check(results[0], options, outcomes)
    worst = next((result for result in results if result.status == "failed"), results[0])
    count = tr("It passed in {value} of {number} runs.", value=outcomes.count("passed"), number=len(outcomes))
    return _check(replace(worst, status="unstable", message=f"{count} {worst.message}"), options, outcomes)


def _check(result: Result, options: Options, outcomes: list[str]) -> Check:
    visibility = options.visibility if result.extra else "visible"
    return Check(**asdict(result), visibility=visibility, outcomes=outcomes if len(outcomes) > 1 else [])


@contextmanager
def _tests(extra: tuple[tuple[str, str], ...]) -> Iterator[list[Path]]:
    """Give the folders of the tests: the lab's, and the instructor's own in a folder for a while."""
    if not extra:
        yield [TESTS]
        return
    with tempfile.TemporaryDirectory(prefix="chatlab-tests-") as folder:
        for name, text in extra:
            (Path(folder) / name).write_text(text, encoding="utf-8")
        yield [TESTS, Path(folder)]


# A class


def grade(
    found: list[Submission], out: Path, options: Options, executor: Executor, resume: bool = False
) -> Iterator[Record]:
    """Yield the record of each submission as it comes, when it is written; with resume, those that are there first.

    out: the folder for the records. What one submission raises is that one's affair: it gets a record that says so.
    """
    out.mkdir(parents=True, exist_ok=True)
    waiting: dict[Future, tuple[Submission, list[str], str]] = {}
    stopping.clear()
    for submission in found:
        try:
            content = submissions.take_in(submission)
        except Refused as refused:
            record = _record_of_none(submission, str(refused), options)
            record.write(out)
            yield record
            continue
        key = f"{content.digest}-{options.key}"
        if resume and (record := _earlier(out, submission, key)):
            yield record
            continue
        future = executor.submit(grade_one, submission.name, submission.file_name, content.packed, options)
        waiting[future] = (submission, content.notes, key)
    try:
        for future in as_completed(waiting):
            submission, notes, key = waiting[future]
            try:
                record = future.result()
            except Exception as error:  # the class goes on; the record has no key, so that --resume tries again
                record = _record_of_none(
                    submission,
                    tr("The grader failed at it: {name}: {error}", name=type(error).__name__, error=error),
                    options,
                )
                key = ""
            record = replace(record, notes=[*notes, *record.notes], key=key)
            record.write(out)
            yield record
    except BaseException:
        stopping.set()
        for future in waiting:
            future.cancel()
        raise


def _record_of_none(submission: Submission, why: str, options: Options) -> Record:
    checks = [check for stage in options.stages for check in none_of(stage, options, why)]
    return Record(submission.name, submission.file_name, checks, notes=[why])


def _earlier(out: Path, submission: Submission, key: str) -> Record | None:
    try:
        record = Record.read(out / f"{submission.file_name}.json")
    except (OSError, ValueError):
        return None
    return record if record.key == key else None


@contextmanager
def executor_for(jobs: int, cluster: str | None) -> Iterator[Executor]:
    """Give an executor: so many at once on this machine, or the workers of a Dask cluster at an address.

    Raises ValueError where there is no such cluster.
    """
    if not cluster:
        # Each submission runs in processes of its own: a thread is enough to wait for them.
        executor = ThreadPoolExecutor(jobs, thread_name_prefix="grades")
        try:
            yield executor
        finally:
            executor.shutdown(cancel_futures=True)
        return
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            tr("A cluster needs dask: {executable} -m pip install distributed", executable=sys.executable)
        ) from None
    try:
        client = Client(cluster, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise ValueError(tr("There is no Dask scheduler at {cluster}: {error}", cluster=cluster, error=error)) from None
    with client:
        # A worker that dies is no fault of the submission's: it is graded again elsewhere, as often as need be.
        executor = client.get_executor(pure=False, retries=10)
        yield executor
        executor.shutdown(wait=False)
