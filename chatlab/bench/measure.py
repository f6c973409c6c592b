"""The runs: which regimes, in which order, and what their figures come to.

One run is one server, freshly started, with one regime. The servers take turns within a round, so that whatever else
the machine does meets all of them; what is compared is the median, over the rounds, of the ratio within a round.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from statistics import median

from ..language import mark, tr, tr_n
from .servers import FOLDER, Server, Unmeasurable, build, cores, start

BURST = 32  # lines
HELD = 20_000  # deliveries a second in the regime "rate": what nearly every design holds on one core
PATIENCE = 10.0  # seconds that joining may take, and a twentieth for each client
SILENT_SECONDS = 5.0  # a server may wait a second or so for one who does not read: the run must be long against that


@dataclass(frozen=True)
class Regime:
    """A way to talk. `options` makes the load generator's options for a number of clients."""

    title: str
    options: Callable[[int], tuple]


REGIMES = {
    "one": Regime(mark("one talker in step"), lambda clients: ("-s", 1, "-b", 1)),
    "everyone": Regime(mark("everyone talking in step"), lambda clients: ("-s", clients, "-b", 1)),
    "bursts": Regime(mark("everyone, in bursts of {burst} lines"), lambda clients: ("-s", clients, "-b", BURST)),
    "flood": Regime(mark("a flood"), lambda clients: ("-s", clients, "-b", 0)),
    "rate": Regime(
        mark("a fixed rate: {held:,} deliveries a second"), lambda clients: ("-s", clients, "-r", HELD / (clients - 1))
    ),
    "storm": Regime(mark("a storm: all connect at once"), lambda clients: ("-k",)),
}
CLIENTS = (10, 50, 200, 1000)
STORMS = (500, 1000)


@dataclass(frozen=True)
class Case:
    """What every server meets alike: a regime, how many clients, and whether one more is there who never reads."""

    regime: str
    clients: int
    silent: bool = False

    @property
    def title(self) -> str:
        return tr(REGIMES[self.regime].title, burst=BURST, held=HELD)

    def __str__(self) -> str:
        clients = tr_n("{number:,} client", "{number:,} clients", self.clients)
        silent = tr(", one more never reads") if self.silent else ""
        return f"{self.title}, {clients}{silent}"


def choose_cases(regimes: str | None, clients: str | None, full: bool) -> list[Case]:
    """Return the cases for the command's options: lists parted by commas, or None for what is usual.

    Full is every regime and number of clients, with and without one who never reads; else one who never reads is there
    with everyone talking in step alone. Raises ValueError for a regime that there is not, or a senseless number.
    """
    names = [name.strip() for name in regimes.split(",")] if regimes else [*REGIMES][: None if full else -1]
    for name in names:
        if name not in REGIMES:
            raise ValueError(
                tr("There is no regime {name!r}. There are: {names}.", name=name, names=", ".join(REGIMES))
            )
    numbers = [number.strip() for number in clients.split(",")] if clients else []
    if not all(number.isdecimal() and 2 <= int(number) <= 5000 for number in numbers):
        raise ValueError(tr("--clients is a list of numbers from 2 to 5000, such as 10,50."))
    usual, storms = (CLIENTS if full else (50,)), STORMS
    cases = []
    for name in dict.fromkeys(names):
        for number in dict.fromkeys(map(int, numbers)) or (storms if name == "storm" else usual):
            cases.append(Case(name, number))
            if name != "storm" and (full or name == "everyone"):
                cases.append(Case(name, number, silent=True))
    return cases


FAILED = {
    "join": "not all were let in",
    "heard": "not all hear a line",
    "stalled": "nobody hears anything any more",
    "closed": "the server hung up on everyone",
    "failed": "it could not be run at all",
}


@dataclass(frozen=True)
class Run:
    """One run, as measured; the fields are the columns of runs.csv."""

    server: str
    regime: str
    clients: int
    silent: bool
    round: int
    end: str  # done; unfinished: lines were still coming; or one of FAILED
    joined: int
    heard_first: int  # clients who heard the first line
    join_s: float  # until all were greeted
    heard_s: float  # until all had heard a first line
    sent: int
    deliveries: int
    seconds: float
    lost: int
    doubled: int
    reordered: int
    torn: int
    echoed: int  # lines that their own sender heard
    notices: int
    gone: int  # clients who read, and whom the server hung up on
    p50_ms: float
    p99_ms: float
    max_ms: float
    server_cpu_s: float
    server_share: float  # of a core
    load_share: float  # the load generator's
    load_wait: float  # share of the time that the load generator could have run and had to wait for its core
    others_share: float  # what else ran on the machine, in cores
    memory_mb: float  # the server's, at its peak
    threads: int
    switches: int  # how often a thread of the server went to sleep
    segments: int  # of TCP, that brought lines: about as many as the server's sends
    hung_up: int  # clients who never read, and whom the server hung up on
    refused: str  # the first error that the server told to one who wanted to join
    torn_example: str
    words: str = ""  # the server's last words, where it ended by itself

    @classmethod
    def without_figures(cls, server: Server, case: Case, number: int, words: str) -> Run:
        """Return what stands for a run that there could not be."""
        known = (server.name, case.regime, case.clients, case.silent, number, "failed")
        figures = ("" if field.type == "str" else 0 for field in fields(cls)[len(known) : -1])
        return cls(*known, *figures, words)

    @property
    def case(self) -> Case:
        return Case(self.regime, self.clients, self.silent)

    @property
    def per_second(self) -> float:
        """Deliveries a second; in a storm, clients a second."""
        if self.regime == "storm":
            return self.clients / self.heard_s if self.end == "done" else 0.0
        return self.deliveries / self.seconds if self.seconds else 0.0

    @property
    def cpu_per_million(self) -> float:
        """The server's CPU-seconds for a million deliveries."""
        return self.server_cpu_s / self.deliveries * 1e6 if self.deliveries else 0.0

    @property
    def faults(self) -> dict[str, int]:
        """What must never be, with how often it was."""
        kinds = ("lost", "doubled", "torn", "reordered", "echoed")
        return {kind: count for kind in kinds if (count := getattr(self, kind))}

    @property
    def failed(self) -> bool:
        """Whether it came to no end, so that there is no point in another round."""
        return self.end in FAILED


@dataclass(frozen=True)
class Row:
    """A server's runs of one case together: medians, and medians of ratios; None where there is nothing to compare."""

    server: Server
    case: Case
    runs: tuple[Run, ...]
    speed: dict[str, float | None]  # deliveries a second against "ours", "streams", and against itself "without silent"
    p99: dict[str, float | None]
    cpu: dict[str, float | None]

    def median(self, field: str) -> float:
        return median(getattr(run, field) for run in self.runs)

    def most(self, field: str) -> float:
        return max(getattr(run, field) for run in self.runs)

    def faults(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for run in self.runs:
            for kind, count in run.faults.items():
                total[kind] = total.get(kind, 0) + count
        return total


def one_run(server: Server, case: Case, number: int, seconds: float) -> Run:
    """Measure once; raises Unmeasurable where the server does not start or the load generator fails."""
    patience = PATIENCE + case.clients / 20
    if case.silent:
        seconds = max(seconds, SILENT_SECONDS)
    load = build(FOLDER / "load.c")
    with start(server) as running:
        options = ("-P", running.port, "-p", running.process.pid, "-c", cores()[1], "-n", case.clients, "-d", seconds)
        options += ("-z", int(case.silent), "-t", patience, *REGIMES[case.regime].options(case.clients))
        command = [str(load), *map(str, options), *(["-i"] if server.irc else [])]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=patience + 3 * seconds + 20)
        except subprocess.TimeoutExpired:
            raise Unmeasurable(
                tr("the load generator did not come to an end with {name}, {case}", name=server.name, case=case)
            ) from None
        if result.returncode:
            raise Unmeasurable(
                tr(
                    "the load generator failed with {name}, {case}: {value}",
                    name=server.name,
                    case=case,
                    value=result.stderr.strip(),
                )
            )
        measured = json.loads(result.stdout)
        words = running.last_words(1 if measured["gone"] else 0)
    return Run(server.name, case.regime, case.clients, case.silent, number, **measured, words=words)


def measure(
    servers: list[Server], cases: list[Case], rounds: int, seconds: float, progress: Callable[[str], None]
) -> Iterator[Run]:
    """Yield the runs: every server, case and round; progress is told what comes next.

    Raises Unmeasurable where this machine cannot measure, and where a file of the student's is no chat. Any other
    server that cannot be run yields a run that says so: an hour's work must not be lost for it.
    """
    raise_file_limit(max(case.clients for case in cases) + 100)
    build(FOLDER / "load.c")
    failed = set()
    for pair in _pairs(cases):
        for number in range(1, rounds + 1):
            for case in pair:
                # Not the same one first each time: what the machine does now and then must not always meet the same.
                for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
                    progress(f"{server.name}: {case}")
                    if (server, case) in failed:
                        continue
                    try:
                        run = one_run(server, case, number, seconds)
                    except Unmeasurable as error:
                        if server.kind == "yours":
                            raise
                        run = Run.without_figures(server, case, number, str(error))
                    _must_chat(server, run)
                    if run.failed:
                        failed.add((server, case))
                    yield run


def _pairs(cases: list[Case]) -> Iterable[list[Case]]:
    """Return the cases, those that differ by the silent client alone together: they are compared with each other."""
    pairs: dict[tuple[str, int], list[Case]] = {}
    for case in cases:
        pairs.setdefault((case.regime, case.clients), []).append(case)
    return pairs.values()


def _must_chat(server: Server, run: Run) -> None:
    """Raise Unmeasurable where the student's file is no chat at all: the rest of the runs would say no more."""
    if server.kind != "yours" or run.round > 1 or run.refused or run.end not in ("join", "heard"):
        return
    if run.words and not run.heard_first:
        raise Unmeasurable(tr("{path} cannot be measured: it ends with {words}", path=server.path, words=run.words))
    what = tr('greets nobody with "you are NAME"') if not run.joined else tr('passes no line on as "NAME: LINE"')
    if not run.joined or not run.heard_first and run.end == "heard":
        raise Unmeasurable(tr("{path} {what}: give a server.py of stage 05 or later.", path=server.path, what=what))


def raise_file_limit(needed: int) -> None:
    """Let this process, and so those that it starts, open as many files as the system allows; raises Unmeasurable."""
    try:
        import resource
    except ImportError:  # Windows: the load generator will be refused with a sentence
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise Unmeasurable(
            tr("this system lets a process open {hard} files: that is too few for so many clients", hard=hard)
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def rows(servers: list[Server], runs: list[Run]) -> list[Row]:
    """Return the rows of the table: case by case, the servers in their order."""
    by_key = {(run.server, run.case, run.round): run for run in runs}
    ours = next((server.name for server in servers if server.kind == "ours"), "")
    found = []
    for case in dict.fromkeys(run.case for run in runs):
        without = Case(case.regime, case.clients)
        for server in servers:
            own = [run for run in runs if run.server == server.name and run.case == case]
            if not own:
                continue

            def ratios(field: str, own: list[Run] = own, case: Case = case) -> dict[str, float | None]:
                to = {"ours": [by_key.get((ours, case, run.round)) for run in own]}
                to["streams"] = [by_key.get(("streams", case, run.round)) for run in own]
                to["without silent"] = [by_key.get((run.server, without, run.round)) for run in own if case.silent]
                return {name: _ratio(own, others, field) for name, others in to.items()}

            compared = [ratios(field) for field in ("per_second", "p99_ms", "cpu_per_million")]
            found.append(Row(server, case, tuple(own), *compared))
    return found


def _ratio(runs: list[Run], others: list[Run | None], field: str) -> float | None:
    """Return the median of the ratios round by round, over the rounds that both of them came through."""
    both = [(run, other) for run, other in zip(runs, others) if other and not run.failed and not other.failed]
    figures = [(getattr(run, field), getattr(other, field)) for run, other in both]
    ratios = [figure / to for figure, to in figures if figure and to]
    return median(ratios) if ratios else None


COLUMNS = tuple(field.name for field in fields(Run))
