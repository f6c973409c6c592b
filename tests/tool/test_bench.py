"""The measurements: what is wrong is marked, ratios are right, words fit the figures. No test looks at a clock."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.bench import measure, report, servers
from chatlab.bench.measure import Case, Run, one_run
from chatlab.bench.servers import PEERS, Server, Unmeasurable
from chatlab.stages import ROOT, SOLUTIONS

pytestmark = pytest.mark.timeout(180)  # they run beside much else
here = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not servers.compiler(), reason="the load generator needs Linux and C"
)

# A chat whose mangle may change what a listener gets of a line: said is the line's number, to the listener's.
CHAT = """
import itertools, threading

lock, clients, numbers, held = threading.Lock(), {}, itertools.count(1), {}

def mangle(said, sender, to, line):
    BODY

def handle(connection, number):
    with lock:
        connection.sendall(f"you are client {number}\\n".encode())
        clients[number] = connection
    for line in connection.makefile("rb"):
        with lock:
            said = next(numbers)
            for to, other in clients.items():
                if to != number or ECHO:
                    other.sendall(mangle(said, number, to, f"client {number}: ".encode() + line))

def serve(listener):
    for number in itertools.count(1):
        connection, _ = listener.accept()
        threading.Thread(target=handle, args=(connection, number), daemon=True).start()
"""
MANGLES = {
    "nothing": ("return line", set()),
    "lost": ("return b'' if said % 50 == 0 and to == 2 else line", {"lost"}),
    "doubled": ("return line * 2 if said % 50 == 0 else line", {"doubled"}),
    "a byte gone": ("return line[:40] + line[41:] if said % 50 == 0 else line", {"torn", "lost"}),
    "another name": ("return line.replace(b'client 2', b'client 7')", {"torn"}),  # and none after it to miss it by
    "newline gone": ("return line[:-1] if said % 50 == 0 else line", {"torn", "lost"}),
    "a half twice": ("return line[30:] + line if said % 50 == 0 else line", {"torn"}),
    "reordered": (
        """if said % 50 == 0:
        held[sender, to] = line
        return b''
    return line + held.pop((sender, to), b'')""",
        {"reordered"},
    ),
}


def chat(folder: Path, body: str = "return line", echo: bool = False) -> Path:
    path = folder / "server.py"
    path.write_text(CHAT.replace("BODY", body).replace("ECHO", str(echo)), encoding="utf-8")
    return path


def yours(path: Path) -> Server:
    return Server("yours", path, "yours")


@here
@pytest.mark.parametrize("kind", MANGLES)
def test_what_a_server_does_to_lines_is_told(tmp_path, kind):
    body, faults = MANGLES[kind]
    run = one_run(yours(chat(tmp_path, body)), Case("rate", 4), 1, 0.2)
    found = set(run.faults)
    # A line that is held at the very end of the run has never come: it may count as lost.
    assert found == faults or (kind == "reordered" and found == {"reordered", "lost"})
    assert run.deliveries > 100


@here
def test_a_line_that_comes_back_to_its_sender_is_told(tmp_path):
    run = one_run(yours(chat(tmp_path, echo=True)), Case("everyone", 4), 1, 0.1)
    assert set(run.faults) == {"echoed"}


@here
def test_a_loss_is_told_even_where_the_talker_then_waits_for_ever(tmp_path):
    run = one_run(yours(chat(tmp_path, MANGLES["lost"][0])), Case("one", 4), 1, 10)
    assert run.end == "stalled" and set(run.faults) == {"lost"}


@here
@pytest.mark.parametrize("name", PEERS)
def test_every_peer_delivers_every_line(name):
    if what := PEERS[name].missing():
        pytest.skip(f"needs {what}")
    for case in (Case("everyone", 5), Case("bursts", 3), Case("flood", 3)):
        run = one_run(PEERS[name], case, 1, 0.1)
        assert run.end in ("done", "unfinished") and not run.faults, run
        assert run.deliveries and run.threads and run.memory_mb and run.p50_ms <= run.p99_ms <= run.max_ms * 1.04


@here
@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*/server.py"))[4:], ids=lambda path: path.parent.name)
def test_every_stage_from_the_fifth_can_be_measured(path):
    for case in (Case("one", 3), Case("bursts", 4), Case("storm", 20)):
        run = one_run(yours(path), case, 1, 0.1)
        assert run.end == "done" and not run.faults and run.heard_first == case.clients - 1, run


@here
def test_our_limit_of_clients_is_lifted():
    path = SOLUTIONS / "09_chat" / "server.py"
    assert one_run(yours(path), Case("storm", 110), 1, 0.1).joined == 110


@here
def test_one_who_never_reads(monkeypatch):
    monkeypatch.setattr(measure, "SILENT_SECONDS", 0.5)
    assert one_run(PEERS["streams"], Case("everyone", 4, silent=True), 1, 0.5).end == "done"
    stuck = one_run(PEERS["locked"], Case("flood", 4, silent=True), 1, 0.5)
    assert stuck.end == "stalled" and not stuck.faults


@here
@pytest.mark.parametrize(
    "text, told",
    [
        ("x = (", "SyntaxError"),
        ("import nothing_of_that_name", "line 1: ModuleNotFoundError"),
        ("x = 1", "no function serve"),
        ("import sys; sys.exit('not today')", "not today"),
        ("def serve(listener):\n    raise NotImplementedError('TODO 1')", "TODO 1"),
        ("def serve(listener):\n    while True: listener.accept()", "greets nobody"),
        (CHAT.replace("BODY", "return b''").replace("ECHO", "False"), "passes no line on"),
    ],
)
def test_a_file_that_is_no_chat_gets_one_sentence(tmp_path, monkeypatch, text, told):
    monkeypatch.setattr(measure, "PATIENCE", 3)
    path = tmp_path / "server.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Unmeasurable) as caught:
        list(measure.measure([yours(path)], [Case("one", 3)], 1, 0.1, lambda what: None))
    assert told in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


@here
def test_a_peer_that_cannot_be_run_does_not_end_the_rest(tmp_path):
    path = tmp_path / "server.py"
    path.write_text("import nothing_of_that_name", encoding="utf-8")
    chosen, told = [Server("broken", path), PEERS["locked"]], []
    runs = list(measure.measure(chosen, [Case("one", 3)], 2, 0.1, told.append))
    assert len(told) == 4 and [run.end for run in runs if run.server == "locked"] == ["done", "done"]
    broken, _ = measure.rows(chosen, runs)
    assert "nothing_of_that_name" in report.limit(broken) and broken.speed["streams"] is None
    report.write_csv([broken], runs, tmp_path)


def test_what_is_not_there_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        servers.choose([tmp_path / "server.py"], "none")
    (tmp_path / "server.c").touch()
    with pytest.raises(Unmeasurable, match="no Python file"):
        servers.choose([tmp_path / "server.c"], "none")
    with pytest.raises(ValueError, match="There is no peer 'twisted'. There are: naive,"):
        servers.choose([], "streams,twisted")
    for wrong in ("one,two", ""), ("", "1"), ("", "10,ten"):
        with pytest.raises(ValueError):
            measure.choose_cases(*wrong, full=False)
    monkeypatch.setattr(servers, "compiler", lambda: None)
    assert servers.choose([], "epoll,streams")[1] == {"epoll": "a C compiler"}
    monkeypatch.setattr(servers, "BUILT", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(Unmeasurable, match="needs a C compiler .* install gcc"):
        servers.build(servers.FOLDER / "load.c")
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(Unmeasurable, match="Linux alone"):
        servers.build(servers.FOLDER / "load.c")


def test_the_cases():
    assert [str(case) for case in measure.choose_cases("one", "10,1000", False)] == [
        "one talker in step, 10 clients",
        "one talker in step, 1,000 clients",
    ]
    usual, full = measure.choose_cases(None, None, False), measure.choose_cases(None, None, True)
    assert {case.clients for case in usual} == {50} and sum(case.silent for case in usual) == 1
    assert len(full) == len(set(full)) == 5 * 4 * 2 + 2
    assert {case.clients for case in full if case.regime == "storm"} == {500, 1000}


OURS, STREAMS = Server("ours", Path("ours.py"), "ours"), PEERS["streams"]
RUN = Run(
    **dict(server="yours", regime="one", clients=10, silent=False, round=1, end="done", joined=10, heard_first=9),
    **dict(join_s=0.1, heard_s=0.2, sent=1000, deliveries=9000, seconds=1.0, notices=0, gone=0),
    **dict(lost=0, doubled=0, reordered=0, torn=0, echoed=0, p50_ms=1.0, p99_ms=2.0, max_ms=3.0),
    **dict(server_cpu_s=0.045, server_share=0.9, load_share=0.4, load_wait=0.0, others_share=0.0),
    **dict(memory_mb=20.0, threads=11, switches=10, segments=9000, hung_up=0, refused="", torn_example=""),
)


def row(*runs: Run) -> measure.Row:
    return measure.rows([yours(Path("server.py"))], list(runs))[0]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({}, "a send for each line and client, 5 µs each"),
        ({"switches": 9000}, "wakes a thread for each line and client"),
        ({"segments": 90}, "100 lines in a send"),
        ({"load_share": 0.95}, "the load generator: the server may do more"),
        ({"load_share": 0.4, "load_wait": 0.55}, "other programs, which keep the load generator waiting"),
        ({"p50_ms": 41.0, "server_share": 0.1}, "TCP_NODELAY"),
        ({"lost": 3, "torn": 1}, "WRONG lines: 3 lost, 1 torn"),
        ({"reordered": 2, "doubled": 5, "echoed": 1}, "5 doubled, 2 out of order, 1 back to their sender"),
        ({"gone": 2}, "drops 2 who do read"),
        ({"end": "stalled", "silent": True}, "stands still: one who never reads stops all"),
        ({"end": "closed", "gone": 10, "words": "TypeError: no"}, "it ends: TypeError: no"),
        ({"end": "join", "joined": 7, "refused": "error: it is full"}, "lets 7 of 10 in (error: it is full)"),
        ({"end": "heard", "heard_first": 4}, "only 4 of 9 hear a line"),
        ({"silent": True, "hung_up": 1}, "drops the one who never reads"),
        ({"silent": True, "memory_mb": 300.0}, "keeps what is not read, in 300 MB"),
        ({"regime": "rate"}, "falls behind the rate"),
        ({"regime": "rate", "deliveries": 20_000}, "holds the rate"),
        ({"regime": "storm", "heard_s": 0.5}, "all are in, and hear a line, after 0.50 s"),
    ],
)
def test_what_limits_it_in_words(changes, words):
    assert words in report.limit(row(replace(RUN, **changes)))


def test_ratios_are_medians_of_rounds():
    """The machine is twice as slow in round 2, and ten times in round 3: the ratios do not notice."""
    runs = []
    for number, slower in enumerate((1, 2, 10), 1):
        for name, deliveries in (("yours", 3000), ("ours", 6000), ("streams", 1500)):
            runs.append(replace(RUN, server=name, round=number, deliveries=deliveries // slower))
            runs.append(replace(runs[-1], silent=True, deliveries=runs[-1].deliveries // 2))
    mine = yours(Path("server.py"))
    table = measure.rows([mine, OURS, STREAMS], runs)
    assert [(row.server.name, row.case.silent) for row in table[:4]] == [
        *(("yours", False), ("ours", False), ("streams", False), ("yours", True))
    ]
    assert table[0].speed == {"ours": 0.5, "streams": 2.0, "without silent": None}
    assert table[3].speed["without silent"] == 0.5
    assert table[1].cpu["streams"] == pytest.approx(0.25)


def test_a_round_that_failed_has_no_ratio():
    runs = [replace(RUN, server=name, end=end) for name, end in (("yours", "stalled"), ("ours", "done"))]
    assert measure.rows([yours(Path("server.py")), OURS], runs)[0].speed["ours"] is None


def test_files(tmp_path):
    runs = [replace(RUN, server=name, clients=n, lost=n == 50) for name in ("yours", "ours") for n in (10, 50)]
    rows = measure.rows([yours(Path("server.py")), OURS], runs)
    report.write_csv(rows, runs, tmp_path)
    with (tmp_path / "runs.csv").open(encoding="utf-8") as file:
        assert tuple(next(csv.reader(file))) == measure.COLUMNS
    with (tmp_path / "table.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert tuple(lines[0]) == report.SUMMARY and len(lines) == 4
    assert lines[0]["speed_of_ours"] == "1.0" and lines[0]["faults"] == "" and lines[2]["faults"] == "1 lost"
    markdown = report.write_markdown(rows, "ours", tmp_path).read_text(encoding="utf-8")
    assert "| one talker in step, 50 clients | 1 ✗ | 1 ✗ |" in markdown
    pytest.importorskip("matplotlib")
    written = report.write_plots(rows, tmp_path)
    assert sorted(path.suffix for path in written) == [".png"] * 3 + [".svg"] * 3
    assert all(path.stat().st_size > 5000 for path in written)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_fits_the_terminal(width):
    from rich.console import Console

    runs = [replace(RUN, server=name, lost=name == "yours") for name in ("yours", "ours", "streams")]
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(report.table(measure.rows([yours(Path("server.py")), OURS, STREAMS], runs), width))
    text = console.export_text()
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    assert "deliveries/s" in text and "9,000" in text and "yours: WRONG lines: 1 lost" in text
    assert ("threads" in text) == (width > 80) and ("max ms" in text) == (width > 90)


def test_how_far_to_trust_the_figures():
    quiet, busy = row(RUN), row(replace(RUN, others_share=1.2, load_share=0.97, end="unfinished"))
    assert report.notes([quiet], pinned=True) == []
    said = " ".join(report.notes([busy], pinned=False))
    assert "1.2 cores" in said and "shared one core" in said and "load generator was the limit" in said


def bench(*arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "chatlab", "bench", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=150,
    )


QUICK = ("--rounds", "2", "--seconds", "0.1", "--clients", "4")


@here
def test_the_command(tmp_path):
    path = chat(tmp_path)
    result = bench(path, *QUICK, "--regimes", "one,rate", "--out", tmp_path / "out")
    assert result.returncode == 0, result.stdout + result.stderr
    for words in ("one talker in step, 4 clients", "What limits it", "of streams", "/server.py", "ours ("):
        assert words in result.stdout
    with (tmp_path / "out" / "runs.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 2 * 2 * 3


@here
def test_the_command_marks_a_wrong_server(tmp_path):
    path = chat(tmp_path, MANGLES["doubled"][0])
    result = bench(path, *QUICK, "--regimes", "rate", "--peers", "none", "--out", tmp_path / "out")
    assert result.returncode == 1 and "WRONG lines:" in result.stdout and "doubled" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.py",),
        ("README.md",),
        ("--regimes", "two"),
        ("--clients", "0"),
        ("--peers", "nobody"),
        ("--rounds", "0"),
        ("--seconds", "1000"),
        ("--out", "README.md"),
    ],
)
def test_the_command_refuses_in_one_sentence(arguments):
    result = bench(*arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith("lab: ") and len(result.stderr.strip().splitlines()) == 1


def test_the_peers_tell_what_they_keep():
    for peer in PEERS.values():
        text = peer.path.read_text(encoding="utf-8")
        assert peer.path.suffix == ".conf" or "State:" in text or "unchanged" in text, peer.name
        assert textwrap.dedent(text) == text
