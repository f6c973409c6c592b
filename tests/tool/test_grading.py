"""Grading a class: the same grades whatever happens meanwhile, and reports that other systems and people can read."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import psutil
import pytest
from make_class import make_class

from chatlab.checks.plugin import Result
from chatlab.cli import main
from chatlab.grading import grade as grading
from chatlab.grading import sandbox
from chatlab.grading.grade import Record
from chatlab.stages import load_stages

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text(encoding="utf-8"))
LAB = [sys.executable, "-m", "chatlab"]
COUNT = 5

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.name == "nt", reason="grading in isolation is for Linux and macOS"),
]


def start(*arguments) -> subprocess.Popen:
    """Start the tool as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([*LAB, *map(str, arguments)], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def grades(report: Path) -> list[list[str]]:
    with open(report / "grades.csv", newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def outcomes(report: Path) -> dict[str, list]:
    """Return all of every record but what differs from run to run: the time, and the text of the evidence."""
    found = {}
    for path in sorted((report / "records").glob("*.json")):
        record = Record.read(path)
        found[record.name] = [
            (check.stage, check.name, check.status, check.cause, check.points) for check in record.checks
        ]
    return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Path:
    """A small class of the first two stages and its report, made once for all processes that run these tests."""
    import fcntl

    several = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp().parent if several else tmp_path_factory.mktemp("grading")
    folder = base / "a-class"
    with open(base / "a-class.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "report" / "index.html").exists():
            (folder / "submissions").mkdir(parents=True)
            make_class(folder / "submissions", COUNT, stages=2)
            arguments = [str(folder / "submissions"), "--out", str(folder / "report"), "--stages", "1-2", "-j", "2"]
            assert main(["grade", *arguments]) == 0
    return folder


@pytest.fixture
def a_class(shared) -> Path:
    return shared / "submissions"


@pytest.fixture
def report(shared) -> Path:
    return shared / "report"


def test_every_submission_gets_its_grade(report):
    head, *rows = grades(report)
    assert head == ["submission", "points", "of", "stage 01", "stage 02", "unstable", "notes"]
    assert [row[0] for row in rows] == [f"s{number:03}" for number in range(1, COUNT + 1)]
    most = sum(stage.points for stage in load_stages()[:2])
    for row in rows:
        assert int(row[2]) == most
        assert int(row[1]) == sum(map(int, row[3:5])) <= most
    assert len({row[1] for row in rows}) > 1, "mistakes cost points, and missing stages do"


def test_gradescope_results(report):
    for path in report.glob("students/*/results.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(content, SCHEMA)
        assert content["score"] == sum(test["score"] for test in content["tests"])
        assert len({test["number"] for test in content["tests"]}) == len(content["tests"])
    assert len(list(report.glob("students/*/results.json"))) == COUNT


def test_classroom50_results(report):
    for path in report.glob("students/*/result.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        assert content["schema"] == "classroom50/result/v1"
        assert content["score"] == sum(test["score"] for test in content["tests"])
        assert content["max-score"] == sum(test["max-score"] for test in content["tests"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", content["datetime"])
        for test in content["tests"]:
            assert {"test-name", "passed", "score", "max-score"} <= set(test)
            assert isinstance(test["score"], int) and isinstance(test["passed"], bool)


def test_junit(report):
    suites = ElementTree.parse(report / "junit.xml").getroot()
    assert len(suites) == COUNT * 2
    for suite in suites:
        failed, skipped = suite.findall(".//failure"), suite.findall(".//skipped")
        assert len(suite) == int(suite.get("tests"))
        assert (len(failed), len(skipped)) == (int(suite.get("failures")), int(suite.get("skipped")))
        assert all(element.get("message") for element in failed)


def test_pages(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?:https?:)?//|@import|url\(', page), "it loads something from elsewhere"
    for link in re.findall(r'href="([^"]+)"', page):
        assert (report / link).is_file(), link
    assert sandbox.WAYS[sandbox.best_way()] in page
    for record in map(Record.read, sorted((report / "records").glob("*.json"))):
        student = (report / "students" / record.file_name / "index.html").read_text(encoding="utf-8")
        assert f"{record.earned} of {record.most} points" in student
        for check in record.checks:
            if check.status == "failed" and check.transcript:
                assert "On the wire" in student


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_resume(a_class, report, tmp_path, how):
    """The grader is ended half-way: nothing it had graded is lost or graded again, and the grades are the same."""
    out = tmp_path / "report"
    process = start("grade", a_class, "--out", out, "--stages", "1-2", "-j", "1")
    written = lambda: sorted((out / "records").glob("*.json")) if out.exists() else []
    while len(written()) < 2:
        assert process.poll() is None
    started = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    if sys.platform.startswith("linux"):
        assert not psutil.wait_procs(started, timeout=30)[1], "it has left a process running"
    if how == signal.SIGINT:
        assert process.returncode == 130 and "Go on with --resume." in told and "Traceback" not in told
    half = {path: path.read_bytes() for path in written()}
    assert 2 <= len(half) < COUNT
    assert main(["grade", str(a_class), "--out", str(out), "--stages", "1-2", "-j", "2", "--resume"]) == 0
    for path, content in half.items():
        assert path.read_bytes() == content, "it was graded again"
    assert grades(out) == grades(report)
    assert outcomes(out) == outcomes(report)


def test_a_changed_submission_is_graded_again(a_class, report, tmp_path):
    work, out = tmp_path / "work", tmp_path / "report"
    work.mkdir()
    shutil.copytree(a_class / "s003", work / "s003")
    assert main(["grade", str(work), "--out", str(out), "--stages", "1"]) == 0
    before = grades(out)
    (work / "s003" / "01_echo" / "server.py").write_text("", encoding="utf-8")
    assert main(["grade", str(work), "--out", str(out), "--stages", "1", "--resume"]) == 0
    assert int(grades(out)[1][1]) < int(before[1][1])


def test_two_workers_and_one_dies(a_class, report, tmp_path):
    """A Dask scheduler and two workers; one is killed while it grades: every submission still gets the same grade."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s"}
    there = tmp_path / "scheduler.json"
    run = lambda *command: subprocess.Popen(
        [sys.executable, "-m", *command, "--scheduler-file", str(there)],
        **{"env": environment, "cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL},
    )
    scheduler = run("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    started = [scheduler]
    try:
        while not (there.exists() and there.stat().st_size):
            assert scheduler.poll() is None
        address = json.loads(there.read_text(encoding="utf-8"))["address"]
        one = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        workers = [run("distributed.cli.dask_worker", *one) for _ in range(2)]
        started += workers
        out = tmp_path / "report"
        grader = start("grade", a_class, "--out", out, "--stages", "1-2", "--cluster", address)
        started.append(grader)
        while not (out / "records").exists() or not list((out / "records").glob("*.json")):
            assert grader.poll() is None, grader.communicate()[1]
        victim = next(worker for worker in workers if psutil.Process(worker.pid).children(recursive=True))
        victim.kill()
        assert grader.wait(timeout=200) == 0
        assert grades(out) == grades(report)
        assert outcomes(out) == outcomes(report)
    finally:
        for process in started:
            process.kill()
            process.communicate()


MINE = '''
from chatlab.checks import check


@check(points=5)
def test_my_own(server):
    """The instructor's own: an emoji comes back."""
    (ann,) = server.join("ann")
    ann.sends("😀".encode())
    ann.hears_bytes("😀".encode())
'''


def test_extra_checks_and_runs(a_class, tmp_path):
    extra, out = tmp_path / "extra", tmp_path / "report"
    extra.mkdir()
    (extra / "test_01_mine.py").write_text(MINE, encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    shutil.copytree(ROOT / "solutions" / "01_echo", work / "steady" / "01_echo")
    arguments = ["--stages", "1", "--extra", str(extra), "--runs", "2"]
    assert main(["grade", str(work), "--out", str(out), *arguments]) == 0
    steady = Record.read(out / "records" / "steady.json")
    mine = next(check for check in steady.checks if check.extra)
    assert (mine.name, mine.status, mine.points, mine.visibility) == ("my_own", "passed", 5, "hidden")
    assert not steady.unstable and steady.earned == steady.most
    assert "hidden from the student" not in (out / "students" / "steady" / "index.html").read_text(encoding="utf-8")
    content = json.loads((out / "students" / "steady" / "results.json").read_text(encoding="utf-8"))
    assert {test["visibility"] for test in content["tests"]} == {"hidden", "visible"}


def test_a_check_that_is_not_the_same_in_every_run():
    """It is reported as unstable, with how often it passed, and earns nothing until somebody has looked."""
    run = lambda status, message="": Result(1, 1, "hello", "Hello", 3, status, cause="", message=message)
    runs = [run("passed"), run("failed", "Something is wrong."), run("passed")]
    check = grading._over_all(runs, grading.Options((1,)))
    assert (check.status, check.outcomes, check.earned) == ("unstable", ["passed", "failed", "passed"], 0)
    assert check.message == "It passed in 2 of 3 runs. Something is wrong."
    same = grading._over_all([run("passed")] * 3, grading.Options((1,)))
    assert (same.status, same.earned) == ("passed", 3)


def test_gradescope_autograder(a_class, tmp_path):
    """The zip, unpacked as Gradescope does, run for a submission in a folder laid out like theirs."""
    packed = tmp_path / "autograder.zip"
    assert main(["gradescope", "--out", str(packed), "--stages", "1"]) == 0
    base = tmp_path / "autograder"
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        archive.extractall(base / "source")
    assert {"setup.sh", "run_autograder"} <= set(names)
    assert not [name for name in names if name.startswith(("solutions/", "tests/mistakes", "tests/tool"))]
    shutil.copy(base / "source" / "run_autograder", base / "run_autograder")
    (base / "run_autograder").chmod(0o755)
    assert subprocess.run(["bash", "-n", base / "source" / "setup.sh"]).returncode == 0
    shutil.copytree(ROOT / "solutions" / "01_echo", base / "submission" / "01_echo")
    (base / "results").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    run = subprocess.run(
        [base / "run_autograder"], cwd=base, env=environment, capture_output=True, text=True, timeout=280
    )
    if "Is this machine online?" in run.stdout + run.stderr:
        pytest.skip("setup.sh installs packages, and this machine is offline")
    content = json.loads((base / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    assert content["score"] == load_stages()[0].points, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "There is no folder nowhere"),
        (["nowhere", "--one"], "There is no nowhere"),
        (["{}", "--stages", "x"], "is no list of stages: write 4, or 3-6"),
        (["{}", "--stages", "0-99"], "is outside of 1 to"),
        (["{}", "--runs", "0"], "numbers from 1 up"),
        (["{}", "--extra", "{}"], "holds no checks: name the files like test_05_mine.py"),
        (["{}", "--cluster", "tcp://127.0.0.1:1"], "There is no Dask scheduler at"),
        (["{empty}"], "is empty"),
    ],
)
def test_bad_input(arguments, told, a_class, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    arguments = [part.replace("{empty}", str(tmp_path / "empty")).replace("{}", str(a_class)) for part in arguments]
    assert main(["grade", *arguments, "--out", str(tmp_path / "report")]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_a_report_that_cannot_be_written(a_class, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["grade", str(a_class), "--out", str(tmp_path / "file")]) == 2
    assert "cannot write" in capsys.readouterr().err
