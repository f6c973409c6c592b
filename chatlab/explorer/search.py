"""Which schedules are tried, in which order, and what is said about it.

A schedule is the deviations from the default policy. The search is stateless: every schedule is a run from the
beginning. Components are explored by iterative context bounding (Musuvathi and Qadeer, PLDI 2007): all schedules with
no preemption, then with one, then two. For whole servers each deviation counts, also where a task blocks: delay
bounding (Emmi, Qadeer and Rakamarić, POPL 2011); then come random priorities with few changes: PCT (Burckhardt and
others, ASPLOS 2010).

Two reductions leave out what cannot make a difference. A task is preempted only before an access that conflicts with
another task's, in any schedule seen so far; what is put off is taken up when a later schedule shows a conflict. And a
state that was reached before with as many deviations left is not explored again (see Run.touch).
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import linecache
import os
import random
import sys
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..language import tr, tr_n
from . import report, scheduler
from .events import Event, Failure
from .load import Program, program_of
from .scheduler import Refused, Run, Step

MOST_SCHEDULES = 20_000
REPLAYS = 20  # how often a failure is repeated before it is told
FORMAT = 1  # of a saved verdict

Deviations = tuple[tuple[int, Hashable], ...]
Prepare = Callable[[Run, dict], Callable[[], Any] | None]  # gets the run and the namespace; returns the check


@dataclass
class Verdict:
    """What a search has found, and how much it has looked at."""

    holds: bool
    exhausted: bool  # whether all schedules within the bound were tried
    bound: int  # preemptions, or deviations of any kind
    unit: str  # "preemption" or "delay"
    schedules: int
    steps: int
    seconds: float  # of CPU
    failure: Failure | None = None
    deviations: Deviations = ()
    preemptions: int = 0  # in the failing schedule
    possible: bool | None = None  # whether today's interpreter can run the failing schedule; None: holds
    events: list[Event] = field(default_factory=list)
    program: Program | None = None
    steps_of_failure: int = 0
    changed: bool = False  # of a replay: whether the program is no longer what it was
    key: str = ""  # names the cause: the scenario's own, or the failure's kind
    origin: dict = field(default_factory=dict)  # what a replay needs to build the run again

    def __bool__(self) -> bool:
        return self.holds

    @property
    def sentence(self) -> str:
        """What was found, in a sentence that claims no more than was tried."""
        many = tr_n("{number:,} schedule", "{number:,} schedules", self.schedules)
        if self.unit == "delay":
            bound = tr_n("at most {number} delay", "at most {number} delays", self.bound)
        else:
            bound = tr_n("at most {number} preemption", "at most {number} preemptions", self.bound)
        if not self.unit:
            return (
                tr("The saved schedule does not fail.")
                if self.holds
                else tr("{value}, as saved.", value=tr(self.failure.kind).capitalize())
            )
        if self.holds and self.exhausted:
            return tr("Holds for all schedules with {bound}: {many} tried.", bound=bound, many=many)
        if self.holds:
            return tr("No failure in {many}, but not all with {bound} were tried.", many=many, bound=bound)
        first = self.failure.message.split("\n")[0].rstrip(".")
        return (
            tr(
                "{value}: {first}. Found in schedule {schedules:,}.",
                value=tr(self.failure.kind).capitalize(),
                first=first,
                schedules=self.schedules,
            )
            + self.today
        )

    @property
    def today(self) -> str:
        """Whether the failing schedule can happen on this interpreter, where that is worth a word."""
        if self.possible is not False:
            return ""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return tr(
            " Not on this CPython {version} with its GIL, which never switches there today; on a "
            "free-threaded build or an older version it does.",
            version=version,
        )

    def timeline(self, width: int = 100, short: bool = False) -> str:
        """Return the failing schedule as text, at most so many columns wide; short: at most about twenty rows."""
        if self.holds:
            return self.sentence
        return report.text(self.sentence, self.program.source, self.events, self.failure, width=width, short=short)

    def svg(self) -> str:
        return report.svg(self.sentence, self.program.source, self.events, self.failure)

    def html(self) -> str:
        return report.html(self.sentence, self.program.source, self.events, self.failure)

    def save(self, path: Path | str) -> None:
        """Write what a replay needs. Raises ValueError where nothing failed, OSError where it cannot be written."""
        if self.holds:
            raise ValueError(tr("there is no failure to save"))
        source = hashlib.sha256(self.program.source.encode()).hexdigest()
        content = {
            "format": FORMAT,
            **self.origin,
            "source": source,
            "failure": {"kind": self.failure.kind, "message": self.failure.message},
            "deviations": [[step, list(choice)] for step, choice in self.deviations],
            "steps": self.steps_of_failure,
        }
        Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def one_cpu() -> Iterator[None]:
    """Keep this thread, and those it makes, on one CPU: the hand-off between them is four times as fast there."""
    try:
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})
    except (AttributeError, OSError):  # not on this system
        yield
        return
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


class Search:
    """Runs schedules of one program under one preparation."""

    def __init__(self, program: Program, prepare: Prepare, early_timeouts: bool, most: int = MOST_SCHEDULES) -> None:
        self.program, self.prepare, self.early_timeouts, self.most = program, prepare, early_timeouts, most
        self.runs = self.steps = 0
        self.failed: tuple[Run, Deviations] | None = None
        self.progress: Callable[[int], None] | None = None

    def run(self, deviations: Deviations = (), choose: Any = None, record: bool = False) -> Run:
        """One schedule. Raises Refused where the program does what cannot be controlled."""
        run = Run(self.program, dict(deviations), choose, record, self.early_timeouts)
        collecting = gc.isenabled()
        gc.disable()  # a collection in the middle of a run would call finalizers at some other moment each time
        scheduler.RUN = run
        try:
            check = self.prepare(run, self.program.execute(run))
            run.go()
            if run.refused is None and run.failure is None and check is not None:
                self._check(run, check)
        finally:
            scheduler.RUN = None
            if collecting:
                gc.enable()
        if run.refused is not None:
            raise run.refused
        return run

    def _check(self, run: Run, check: Callable[[], Any]) -> None:
        run.ending = run.over = False
        try:
            if check() is False:
                run.fail("check", tr("the check is false at the end"))
        except AssertionError as error:
            run.fail("check", str(error) or tr("the check's assertion fails at the end"))
        except Refused:
            raise
        except Exception as error:
            run.fail("check", tr("the check raises {name}: {error}", name=type(error).__name__, error=error))
        run.ending = run.over = True

    def count(self, run: Run) -> None:
        self.runs += 1
        self.steps += run.steps
        if self.progress and self.runs % 20 == 0:
            self.progress(self.runs)

    def bounded(self, bound: int, delays: bool, reduce: bool = True, cache: bool = True, today: bool = False) -> bool:
        """Try all schedules with at most so many deviations; returns whether none was left out, or one has failed.

        delays: choices where a task blocks count, too. today: preempt only where this interpreter can.
        """
        todo: list[list[Deviations]] = [[] for _ in range(bound + 1)]
        todo[0].append(())
        tried: dict[tuple, int] = {}  # (state, who goes on) → the least number of deviations with which that was queued
        users: dict[Hashable, tuple[set, set]] = {}  # location → the tasks that have read it, and written it
        put_off: dict[tuple, list] = {}  # (task, location, write) → the schedules that preempt it there

        def conflicts(path: tuple, place: Hashable, write: bool) -> bool:
            readers, writers = users[place]
            return len(writers) > (path in writers) or (write and len(readers) > (path in readers))

        def push(cost: int, deviations: Deviations, state: int, choice: Hashable) -> None:
            if cost > bound:
                return
            if cache:
                if tried.get((state, choice), bound + 1) <= cost:
                    return
                tried[state, choice] = cost
            todo[cost].append(deviations)

        for cost in range(bound + 1):
            queue = todo[cost]
            while queue:
                if self.runs >= self.most:
                    return False
                deviations = queue.pop()
                run = self.run(deviations)
                self.count(run)
                if run.failure and not (today and not _possible(run, deviations)):
                    self.failed = run, deviations
                    return True
                begin = deviations[-1][0] + 1 - run.first if deviations else 0
                if reduce:
                    fresh = False
                    for step in run.log:
                        if step.task is None:
                            continue
                        path = step.task.path
                        for place, write in step.accesses:
                            both = users.get(place)
                            if both is None:
                                both = users[place] = (set(), set())
                            if path not in both[write]:
                                both[write].add(path)
                                fresh = True
                    if fresh and put_off:
                        for key in [key for key in put_off if conflicts(*key)]:
                            for child in put_off.pop(key):
                                push(*child)
                own: set[tuple] = set()
                safe = _safe(run.log) if today else []
                for place in range(begin, len(run.log)):
                    step, number = run.log[place], run.first + place
                    if step.cuts:
                        for way in range(1, step.cuts):
                            choice = ("cut", way)
                            push(cost + 1, deviations + ((number, choice),), step.signature, (number, way))
                        continue
                    me = step.task
                    if cache:
                        here = (step.signature, (me or step.chosen).path)
                        if here not in own:
                            if tried.get(here, bound + 1) <= cost and place > begin:
                                break  # another schedule has come, or will come, to this state
                            tried[here] = cost
                            own.add(here)
                    if me is None:
                        for task in step.ready:
                            if task is not step.chosen:
                                child = deviations + ((number, task.path),)
                                push(cost + delays, child, step.signature, task.path)
                    elif cost < bound and len(step.ready) > 1 and (not today or safe[place]):
                        keys = None
                        if reduce and not any(conflicts(me.path, *access) for access in step.accesses):
                            keys = [(me.path, *access) for access in step.accesses]
                        for task in step.ready:
                            if task is me:
                                continue
                            child = (cost + 1, deviations + ((number, task.path),), step.signature, task.path)
                            if keys is None:
                                push(*child)
                            else:
                                for key in keys:
                                    put_off.setdefault(key, []).append(child)
                    for task in step.timed:
                        if cost < bound and task is not me:
                            push(cost + 1, deviations + ((number, task.path),), step.signature, task.path)
        return True

    def random(self, runs: int, seed: int = 0, changes: int = 3) -> None:
        """PCT: random priorities, and at so many random steps who runs falls behind everybody else."""
        length = 50
        for number in range(runs):
            chance = random.Random(seed * 1_000_003 + number)
            priorities: dict[Any, float] = {}
            drops = {chance.randrange(length) for _ in range(changes - 1)}
            made: list[tuple[int, Hashable]] = []

            def choose(run: Run, step: int, me: Any, ready: Any, timed: Any) -> Any:
                if isinstance(timed, range):
                    way = chance.randrange(len(timed)) if chance.random() < 0.3 else 0
                    if way:
                        made.append((step, ("cut", way)))
                    return way
                for task in ready:
                    if task not in priorities:
                        priorities[task] = 1 + chance.random()
                if step - run.first in drops and me is not None:
                    priorities[me] = chance.random() - len(made)
                best = max(ready, key=priorities.__getitem__)
                if best is not me:
                    made.append((step, best.path))
                    return best
                return None

            run = self.run(choose=choose)
            self.count(run)
            length = max(length, len(run.log))
            if run.failure:
                self.failed = run, tuple(made)
                return

    def minimised(self) -> tuple[Run, Deviations]:
        """Return the failing run, recorded, with no deviation that it does not need."""
        run, deviations = self.failed
        kind, number = run.failure.kind, 0
        while number < len(deviations):
            fewer = deviations[:number] + deviations[number + 1 :]
            failure = self.run(fewer).failure
            if failure and failure.kind == kind:
                deviations = fewer
            else:
                number += 1
        told = lambda failure: failure and (failure.kind, failure.thread, failure.line)
        for _ in range(REPLAYS):
            again = self.run(deviations)
            if (
                told(again.failure) != told(run.failure)
                and again.deviations == dict(self.failed[1])
                or not again.failure
            ):
                raise Refused(
                    tr(
                        "the program is not the same in every run of one schedule: {failure}, and then "
                        "{failure2}. Does it use the time of day, chance, or files?",
                        failure=run.failure,
                        failure2=again.failure,
                    )
                )
        return self.run(deviations, record=True), deviations


def search(
    program: Program,
    prepare: Prepare,
    bound: int,
    delays: bool,
    pct: int = 0,
    early_timeouts: bool = True,
    most: int = MOST_SCHEDULES,
    reduce: bool = True,
    cache: bool = True,
    origin: dict | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Search and tell; the arguments are those of explore and simulate."""
    begin = time.process_time()
    with one_cpu():
        searching = Search(program, prepare, early_timeouts, most)
        searching.progress = progress
        exhausted = True
        first = min(bound, 1) if pct else bound  # PCT comes between the cheap bound and the dear one
        exhausted = searching.bounded(first, delays, reduce, cache)
        if pct and not searching.failed:
            searching.random(pct)
            if not searching.failed and bound > first:
                exhausted = searching.bounded(bound, delays, reduce, cache)
        verdict = Verdict(
            holds=searching.failed is None,
            exhausted=exhausted and searching.failed is None,
            bound=bound,
            unit="delay" if delays else "preemption",
            schedules=searching.runs,
            steps=searching.steps,
            seconds=0.0,
            program=program,
            origin=origin or {},
        )
        if searching.failed:
            _explain(verdict, searching, bound, delays, reduce, cache)
    verdict.seconds = time.process_time() - begin
    return verdict


def _explain(verdict: Verdict, searching: Search, bound: int, delays: bool, reduce: bool, cache: bool) -> None:
    """Put the failing schedule into the verdict: a smallest one, and if there is one, one that can happen today."""
    run, deviations = searching.minimised()
    possible = _possible(run, deviations)
    if not possible:
        again = Search(searching.program, searching.prepare, searching.early_timeouts, searching.most)
        if again.bounded(bound, delays, reduce, cache, today=True) and again.failed:
            run, deviations = again.minimised()
            possible = _possible(run, deviations)
    verdict.failure, verdict.deviations, verdict.events = run.failure, deviations, run.events
    verdict.possible, verdict.steps_of_failure = possible, run.steps
    verdict.key = run.key or run.failure.kind
    verdict.preemptions = len(_preemptions(run, deviations))


def _preemptions(run: Run, deviations: Deviations) -> list[Step]:
    """Return the steps at which a task was made to wait that could have gone on."""
    steps = [
        (run.log[number - run.first], choice) for number, choice in deviations if number - run.first < len(run.log)
    ]
    return [step for step, choice in steps if step.task and any(task.path == choice for task in step.ready)]


def _possible(run: Run, deviations: Deviations) -> bool:
    """Whether this interpreter can switch at each preemption: after a call, at a loop's next round, where a function
    begins, or where a lock, a socket or the like is waited for (CPython 3.10 to 3.13, Python/ceval.c)."""
    safe = dict(zip(map(id, run.log), _safe(run.log)))
    return all(safe[id(step)] for step in _preemptions(run, deviations))


def _safe(log: list[Step]) -> list[bool]:
    """Return for each step whether the interpreter could have switched since the task's last access that matters."""
    users: dict[Hashable, tuple[set, set]] = {}
    for step in log:
        for place, write in step.accesses if step.task else ():
            users.setdefault(place, (set(), set()))[write].add(step.task)

    def matters(step: Step) -> bool:
        return any(
            (users[place][1] | (users[place][0] if write else set())) - {step.task} for place, write in step.accesses
        )

    found: list[bool] = []
    for number, step in enumerate(log):
        before = log[number - 1] if number else None
        if step.task is None or before is None or before.task is not step.task:
            found.append(True)  # somebody else has run in between, or it begins
        else:
            found.append(step.safe or (found[-1] and not matters(before)))
    return found


def explore(
    setup: Callable,
    workers: list[Callable],
    check: Callable | None = None,
    preemptions: int = 2,
    program: Program | None = None,
    **options: Any,
) -> Verdict:
    """Run the workers, each in a thread, under every schedule with at most so many preemptions.

    setup(): runs alone, and returns what every worker and the check get. check: runs alone when all have ended; it
    fails by an assertion or by returning False. The functions are those of a module or of one notebook cell, which is
    executed anew for every schedule; with `program` they are ordinary functions, and setup gets its namespace.

    Raises Refused where the program does something that cannot be controlled.
    """
    own = program is None
    program = program or program_of(setup)

    def prepare(run: Run, namespace: dict) -> Callable[[], Any] | None:
        find = (lambda function: _find(namespace, function)) if own else (lambda function: function)
        thing = find(setup)() if own else setup(namespace)
        for worker in workers:
            function = find(worker)
            run.spawn(lambda function=function: function(thing), getattr(worker, "__name__", "worker"), must_end=True)
        return check and (lambda: find(check)(thing))

    origin = {"what": "explore", "path": program.path, "workers": [worker.__name__ for worker in workers]}
    origin.update(setup=setup.__name__, check=check.__name__ if check else None)
    return search(program, prepare, preemptions, delays=False, origin=origin, **options)


def replay(path: Path | str) -> Verdict:
    """Run a saved schedule again, on the program as it is now.

    Raises ValueError where the file holds no saved failure, FileNotFoundError where the program is gone, Refused.
    """
    from .scenarios import SCENARIOS
    from .simulate import preparation

    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise KeyError("format")
        deviations = tuple((step, tuple(choice)) for step, choice in content["deviations"])
        what, source = content["what"], Path(content["path"])
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(tr("{path} is no saved failure of the explorer: {error}", path=path, error=error)) from None
    if not source.is_file():
        raise FileNotFoundError(
            tr("{source}, which {path} was saved for, is no longer there.", source=source, path=path)
        )
    if what == "simulate":
        program = Program(source)
        prepare = preparation(SCENARIOS[content["scenario"]], content["stage"])
    else:
        program = Program(source, module="explored", threads_must_end=True)
        prepare = _components(content["setup"], content["workers"], content["check"])
    searching = Search(program, prepare, early_timeouts=what != "simulate")
    with one_cpu():
        run = searching.run(deviations, record=True)
    verdict = Verdict(run.failure is None, False, 0, "", 1, run.steps, 0.0, run.failure, deviations, program=program)
    verdict.events, verdict.key, verdict.steps_of_failure = run.events, run.key, run.steps
    verdict.origin = {key: value for key, value in content.items() if key in ("what", "path", "scenario", "stage")}
    verdict.changed = hashlib.sha256(program.source.encode()).hexdigest() != content["source"]
    return verdict


def component(path: Path) -> tuple[Callable, list[Callable], Callable | None]:
    """Return setup, the workers and the check of a file that says what is to be explored in it."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("explored", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    linecache.checkcache(str(path))
    return module.setup, module.WORKERS, getattr(module, "check", None)


def _components(setup: str, workers: list[str], check: str | None) -> Prepare:
    def prepare(run: Run, namespace: dict) -> Callable[[], Any] | None:
        thing = namespace[setup]()
        for worker in workers:
            function = namespace[worker]
            run.spawn(lambda function=function: function(thing), worker, must_end=True)
        return (lambda: namespace[check](thing)) if check else None

    return prepare


def _find(namespace: dict, function: Callable) -> Callable:
    parts = function.__qualname__.split(".")
    if "<locals>" in parts or parts[0] not in namespace:
        raise Refused(tr("{name} must be a function at the top of its file or notebook cell.", name=function.__name__))
    found = namespace[parts[0]]
    for part in parts[1:]:
        found = getattr(found, part)
    return found
