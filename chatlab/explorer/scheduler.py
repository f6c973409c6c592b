"""One thread at a time: real OS threads that hand a token on, and a decision at every step who has it next.

A thread of the explored program is a Task. Before each operation on something shared it calls `Run.point`; there the
run may give the token to another task. A task that cannot go on calls `Run.block`. Nothing else ever switches, so a
run is repeated exactly by its deviations from the default policy: go on with the same task, and where it blocks or
ends take the next one in the order of creation.

Each step notes which tasks could have gone on and which accesses came next; `search` builds other schedules from that.
"""

from __future__ import annotations

import _thread
import ctypes
import dataclasses
import sys
import traceback
import types
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..language import tr
from .events import Event, Failure

if TYPE_CHECKING:
    from .load import Program

READY, WAITING, DONE = "ready", "waiting", "done"
MOST_STEPS = 10_000  # steps after which a run is taken for a livelock
MOST_SPINS = 1_000  # steps of one task, while others could go on, after which these have their turn
MOST_LOOPS = 100_000  # rounds of loops without a step
MOST_ABORTS = 50  # how often a task may swallow its end before its OS thread is left behind
WATCHDOG = 10.0  # seconds of real time that may pass without the run's end
VALUE_WIDTH = 60  # characters

RUN: Run | None = None  # the run in progress: the stand-ins for threading, socket and the rest look here

Access = tuple[Hashable, bool]  # (location, whether it is written)


class Abort(BaseException):
    """Ends a task whose run is over; no Exception, so that `except Exception` lets it pass."""


class Refused(Exception):
    """The explorer cannot control something that the program does; the message names it and its line."""


class Step(NamedTuple):
    """A decision of a run, for the search."""

    task: Task | None  # who could have gone on; None where it blocked or ended
    accesses: tuple[Access, ...]  # what comes next
    ready: tuple[Task, ...]
    timed: tuple[Task, ...]  # who waits with a timeout, which may be over
    signature: int  # of the state: equal in runs that differ only in the order of independent steps
    chosen: Task | None  # who went on, where task is None
    cuts: int = 0  # where the network decides how much to deliver: in how many ways
    safe: bool = True  # whether today's interpreter could switch here


class Task:
    """A controlled thread."""

    __slots__ = (
        "path name function state ready waits waits_on deadline idle timed_out held gate ident history children made "
        "must_end local switchable aborts instance"
    ).split()

    def __init__(self, path: tuple[int, ...], name: str, function: Callable[[], None], must_end: bool) -> None:
        self.path = path  # numbers of creation, from the first task down: the same in every schedule
        self.name, self.function, self.must_end = name, function, must_end
        self.state = READY
        self.ready: Callable[[], Any] | None = None  # while it waits: whether it can go on
        self.waits, self.waits_on = "", None  # in words; the object
        self.deadline: float | None = None  # virtual seconds
        self.idle = False  # goes on when nobody else can
        self.timed_out = False
        self.held: tuple = ()  # locks
        self.gate: Any = None
        self.ident = 0
        self.history = hash(path)
        self.children = self.made = self.aborts = 0
        self.local: dict = {}
        self.switchable = True  # whether it has passed a place, since its last step, where CPython may switch
        self.instance = None  # its threading.Thread


class _Worker:
    """An OS thread that runs one task after another: making one costs more than a whole schedule."""

    idle: list[_Worker] = []

    def __init__(self) -> None:
        self.gate = _thread.allocate_lock()
        self.gate.acquire()
        self.task: Task | None = None
        self.run: Run | None = None
        _thread.start_new_thread(self.work, ())

    def work(self) -> None:
        while True:
            self.gate.acquire()
            run, task = self.run, self.task
            self.run = self.task = None
            run.ident = task.ident = _thread.get_ident()
            try:
                if not run.ending:
                    task.function()
            except (Abort, SystemExit):
                pass
            except BaseException as error:
                run.crashed(task, error)
            # What the task held is dropped here, with the token: finalizers must not run after it is gone.
            task.function = None
            task.local = {}
            if task.aborts > MOST_ABORTS:
                return
            _Worker.idle.append(self)
            run.ended(task)
            del run, task


class Run:
    """One schedule of one program, from its beginning to its end."""

    def __init__(
        self,
        program: Program,
        deviations: dict[int, Hashable] | None = None,
        choose: Callable[[Run, int, Task | None, tuple, tuple], Task | None] | None = None,
        record: bool = False,
        early_timeouts: bool = True,
    ) -> None:
        """deviations: step → path of the task that goes on there, or ("cut", n). choose decides instead of them.

        early_timeouts: a timed wait may be over at any moment, as on a machine that is busy; else only when nobody
        else can go on.
        """
        self.program, self.deviations, self.choose, self.early_timeouts = (
            program,
            deviations or {},
            choose,
            early_timeouts,
        )
        self.tasks: list[Task] = []
        self.main = Task((), "setup", lambda: None, False)
        self.current: Task | None = None
        self.last: Task | None = None
        self.ident = 0
        self.log: list[Step] = []  # of the part that is varied
        self.options: tuple[tuple[Task, ...], tuple[Task, ...]] | None = None  # (ready, timed), while it is known
        self.steps = self.spins = self.loops = 0
        self.varied = True  # whether the search varies this part of the run; what comes before and after it is fixed
        self.first = 0  # the number of the first step that is varied
        self.ending = self.over = False
        self.now = 1_000_000.0  # virtual seconds
        self.failure: Failure | None = None
        self.key = ""  # of what a scenario found wrong
        self.refused: Refused | None = None
        self.controller = _thread.allocate_lock()
        self.controller.acquire()
        self.signature = 0
        self.places: dict[Hashable, tuple[int, int]] = {}  # location → (hash of the last write, of the reads since)
        self.names: dict[int, tuple[int, Any]] = {}  # id of an object → (its name, itself)
        self.hashes: dict[int, tuple[int, Any]] = {}
        self.output: list[str] = []
        self.modules: dict[str, Any] = {}
        self.threads = 0  # threading.Thread objects made
        self.network: Any = None
        self.record = record
        self.events: list[Event] | None = [] if record else None
        self.switched = False
        self.pending: Callable[[], Any] | None = None  # the value that the last event writes, known a little later

    # Names that are the same in every schedule

    def name_of(self, thing: Any) -> int:
        """Return the name of an object: a number made from the task that touched it first and a count of its own.

        The object is kept, so that no other can get its id during the run.
        """
        entry = self.names.get(id(thing))
        if entry is None:
            task = self.current or self.main
            task.made += 1
            entry = self.names[id(thing)] = (hash((task.path, task.made)), thing)
        return entry[0]

    def hash_of(self, thing: Any) -> int:
        """Return a hash that does not depend on addresses: sets of objects iterate by hash."""
        return self.hashes.setdefault(id(thing), (len(self.hashes) * 7919 % 65521, thing))[0]

    # Tasks

    def spawn(self, function: Callable[[], None], name: str = "", must_end: bool = False) -> Task:
        """Add a task that goes on from now on. must_end: it is a failure if it never does."""
        parent = self.current or self.main
        name = name or f"thread-{len(self.tasks) + 1}"
        if any(task.name == name for task in self.tasks):
            name += f"-{sum(task.name.rpartition('-')[0] == name for task in self.tasks) + 2}"
        task = Task((*parent.path, parent.children), name, function, must_end)
        parent.children += 1
        self.tasks.append(task)
        self.options = None
        self.signature ^= task.history
        return task

    def go(self) -> None:
        """Run until every task has ended or nobody can go on; then end what is left."""
        self._dispatch(None)
        if not self.controller.acquire(timeout=WATCHDOG):
            self._uncontrolled()
            return
        self.ending = True
        for task in self.tasks:
            while task.state != DONE and task.gate is not None:
                self.current = task
                task.gate.release()
                if not self.controller.acquire(timeout=WATCHDOG):
                    break  # its OS thread is left behind
        self.current = None
        self.ident = 0

    def _uncontrolled(self) -> None:
        """A task waits or loops where the explorer does not see it."""
        task = self.current
        self.ending = self.over = True
        frame = sys._current_frames().get(task.ident) if task else None
        line = self._student_frame(frame)
        where = tr("line {line}", line=line.f_lineno) if line else tr("a library")
        text = tr(
            "{value} waits or works in {where} for more than {watchdog:.0f} s of real time",
            value=task.name if task else tr("the run"),
            where=where,
            watchdog=WATCHDOG,
        )
        self.refused = Refused(tr("{text}: the explorer does not control what it does there.", text=text))
        if task:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(task.ident), ctypes.py_object(SystemExit))

    def crashed(self, task: Task, error: BaseException) -> None:
        """A task ends with an exception."""
        if self.ending or self.over:
            return
        if isinstance(error, Refused):
            self.refused = self.refused or error
        elif self.failure is None:
            frames = [
                frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in self.program.files
            ]
            line = frames[-1].lineno if frames else 0
            kind = "check" if isinstance(error, AssertionError) and not frames else "exception"
            text = (
                f"{error}"
                if kind == "check"
                else tr("{name} ends with {name2}: {error}", name=task.name, name2=type(error).__name__, error=error)
            )
            where = ""
            if frames:
                own = tr("line {line}, in {function}:", line=line, function=frames[-1].name)
                where = f"\n  {own} {frames[-1].line}"
            self.key = getattr(error, "key", "")
            self.fail(kind, text.rstrip(": ") + where, task, line)
        self.over = True

    def fail(self, kind: str, message: str, task: Task | None = None, line: int = 0) -> None:
        """Note why the run has failed; the first reason counts, and ends the run."""
        if self.failure is None:
            self.failure = Failure(kind, message, task.name if task else "", line)
            if self.events is not None:
                self.note("failure", message.split("\n")[0], task=task, line=line)
        self.over = True

    def ended(self, task: Task) -> None:
        """A task's function is done: pass the token on."""
        task.state = DONE
        self.options = None
        if self.ending or self.over:
            self.controller.release()
        else:
            if self.events is not None:
                self.note("end", tr("ends"), task=task)
            self._dispatch(None)

    def mine(self) -> bool:
        """Whether the calling OS thread has the token; a finalizer or a foreign thread may call without it."""
        return self.ident == _thread.get_ident() and self.current is not None

    # Steps

    def point(self, accesses: tuple[Access, ...], touch: bool = True, watch: tuple[Access, ...] | None = None) -> None:
        """The running task is about to make these accesses: another may go first.

        watch: the accesses that make it worth to try others first, where these are not all.
        """
        if self.ending or self.over:
            self._unwind()
        me = self.current
        number = self.steps
        self.steps = number + 1
        self.loops = 0
        self.spins += 1
        choice = None
        if self.varied:
            ready, timed = self.options or self._options()
            self.log.append(
                Step(me, accesses if watch is None else watch, ready, timed, self.signature, None, 0, me.switchable)
            )
            if self.choose is None:
                if number in self.deviations:
                    choice = self._task(self.deviations[number])
            else:
                choice = self.choose(self, number, me, ready, timed)
            if choice not in ready and choice not in timed:
                choice = None
        me.switchable = False
        if choice is None and self.spins > MOST_SPINS:
            choice = self._whose_turn(me, *(self.options or self._options()))
        if choice is not None and choice is not me:
            self._switch(me, choice)
        if self.steps > MOST_STEPS:
            self.fail(
                "livelock",
                tr(
                    "{name} and the others go round for ever: no end after {most_steps:,} steps.",
                    name=me.name,
                    most_steps=MOST_STEPS,
                ),
                me,
            )
            self._unwind()
        if touch and self.varied:
            self.touch(accesses)

    def vary(self, begin: bool) -> None:
        """Begin, or end, the part of the run that the search varies: there is one; what comes before is not told."""
        if begin:
            self.log.clear()
            self.first = self.steps
            if self.record:
                self.events = []
        self.varied = begin

    def round(self) -> None:
        """A loop of the running task begins another round."""
        self.current.switchable = True
        self.loops += 1
        if self.loops > MOST_LOOPS:
            self.fail(
                "livelock",
                tr("{name} goes round a loop for ever and touches nothing shared.", name=self.current.name),
                self.current,
            )
            self._unwind()

    def touch(self, accesses: tuple[Access, ...]) -> None:
        """Put the accesses into the history of the running task: what it has seen of the others' writes.

        The signature of a state is made of all the histories. Schedules that order only independent accesses
        differently have the same (happens-before caching; Musuvathi and Qadeer, "Partial-order reduction for
        context-bounded state exploration", 2007).
        """
        if not self.varied:
            return
        me = self.current
        old = history = me.history
        places = self.places
        for place, write in accesses:
            wrote, read = places.get(place, (0, 0))
            if write:
                history = hash((history, place, wrote, read))
                places[place] = (history, 0)
            else:
                history = hash((history, place, wrote))
                places[place] = (wrote, read ^ history)
        self.signature ^= old ^ history
        me.history = history

    def sync(self, thing: Any, ready: Callable[[], Any] | None, waits: str, timeout: float | None = None) -> bool:
        """An operation on something that synchronises (a lock, an event, a socket): a step, and a wait until ready().

        thing has a `key`. waits: what is waited for, in words. timeout: seconds. Returns False where the time is over.
        """
        if not self.mine():
            if ready is not None and not ready():
                raise RuntimeError(
                    tr("this would wait for {waits} for ever: no other thread is running yet", waits=waits)
                )
            return True
        accesses = ((thing.key, True),)
        self.point(accesses, touch=False)
        done = ready is None or ready() or self.block(waits, ready, timeout, thing)
        self.touch(accesses)
        self.options = None
        return bool(done)

    def cut(self, ways: int) -> int:
        """Let the schedule decide in which of so many ways the network delivers; 0 is the default."""
        if not self.varied:
            return 0
        number = self.steps
        self.steps = number + 1
        me = self.current
        self.log.append(Step(None, (), (), (), self.signature, me, ways))
        if self.choose is None:
            choice = self.deviations.get(number)
            way = choice[1] if isinstance(choice, tuple) and choice[:1] == ("cut",) and choice[1] < ways else 0
        else:
            way = self.choose(self, number, None, (), range(ways)) or 0
        if way:
            self.signature ^= me.history
            me.history = hash((me.history, "cut", way))
            self.signature ^= me.history
        return way

    def block(
        self,
        waits: str,
        ready: Callable[[], Any] | None,
        timeout: float | None = None,
        on: Any = None,
        idle: bool = False,
    ) -> bool:
        """The running task waits until ready(); returns False where its timeout, in virtual seconds, is over."""
        me = self.current
        if me is None:
            raise RuntimeError(tr("this would wait for {waits} for ever: no other thread is running yet", waits=waits))
        if self.ending or self.over:
            self._unwind()
        me.state, me.ready, me.waits, me.waits_on, me.timed_out, me.idle = WAITING, ready, waits, on, False, idle
        me.deadline = None if timeout is None else self.now + max(0.0, timeout)
        if timeout is not None and self.varied:  # to go on from here may mean that the time is over: another state
            self.signature ^= me.history
            me.history = hash((me.history, "waits for a time"))
            self.signature ^= me.history
        self.options = None
        if self.events is not None:
            self.note("wait", tr("waits for {waits}", waits=waits))
        if not self._dispatch(me):
            me.gate.acquire()  # from here on the token is gone: nothing of the run may be touched before
            self.ident = me.ident
        if self.ending or self.over:
            self._unwind()
        me.switchable = True  # who waits has let the others go on
        if self.events is not None:
            self.note("wake", tr("the time is over") if me.timed_out else tr("goes on"))
        return not me.timed_out

    # Who goes next

    def _options(self) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
        ready, timed = [], []
        for task in self.tasks:
            if task.state is READY or (task.state is WAITING and task.ready is not None and task.ready()):
                ready.append(task)
            elif task.state is WAITING and task.deadline is not None and not task.idle:
                if self.early_timeouts or task.ready is None:
                    timed.append(task)
        self.options = tuple(ready), tuple(timed)
        return self.options

    def _task(self, path: Hashable) -> Task | None:
        return next((task for task in self.tasks if task.path == path), None)

    def _whose_turn(self, me: Task, ready: tuple[Task, ...], timed: tuple[Task, ...]) -> Task | None:
        """Return whom a task that goes on and on must let have a turn."""
        self.spins = 0
        others = [task for task in ready if task is not me]
        if not others:
            return min(timed, key=lambda task: task.deadline, default=None)
        place = self.tasks.index
        return min(others, key=lambda task: (place(task) <= place(me), place(task)))

    def _switch(self, me: Task, to: Task) -> None:
        self.spins = 0
        self.switched = True
        self._hand(to)
        me.gate.acquire()
        self.ident = me.ident
        if self.ending or self.over:
            self._unwind()

    def _hand(self, to: Task) -> None:
        """Give the token to a task that is ready, or whose time is over."""
        if to.state is WAITING:
            self._wake(to)
        self.current = self.last = to
        self.options = None
        if to.gate is None:
            worker = _Worker.idle.pop() if _Worker.idle else _Worker()
            worker.run, worker.task, to.gate = self, to, worker.gate
        to.gate.release()

    def _wake(self, task: Task) -> None:
        if task.ready is None or not task.ready():
            task.timed_out = True
            if task.deadline is not None:
                self.now = max(self.now, task.deadline)
            self.signature ^= task.history
            task.history = hash((task.history, tr("time is over")))
            self.signature ^= task.history
        task.state, task.ready, task.deadline, task.waits, task.waits_on, task.idle = READY, None, None, "", None, False

    def _dispatch(self, me: Task | None) -> bool:
        """The running task waits (me) or has ended (None): choose the next. Returns whether that is me after all."""
        ready, timed = self._options()
        if not ready:
            waiting = [task for task in self.tasks if task.state is WAITING]
            dated = [task for task in waiting if task.deadline is not None]
            rested = [task for task in waiting if task.idle and len(dated) == sum(other.idle for other in dated)]
            if rested or dated:
                ready = (rested[0] if rested else min(dated, key=lambda task: task.deadline),)
            else:
                self.at_rest()
                self.over = True
                self.controller.release()
                return False
        number = self.steps
        self.steps = number + 1
        last = self.tasks.index(self.last) if self.last else -1
        chosen = ready[0]
        if len(ready) > 1:
            chosen = min(ready, key=lambda task: (self.tasks.index(task) <= last, self.tasks.index(task)))
        if self.varied:
            if self.choose is None:
                choice = self._task(self.deviations[number]) if number in self.deviations else None
            else:
                choice = self.choose(self, number, None, ready, timed)
            if choice is not None and (choice in ready or choice in timed):
                chosen = choice
            self.log.append(Step(None, (), ready, timed, self.signature, chosen))
        self.spins = 0
        if chosen is me:
            self._wake(me)
            self.options = None
            self.last = me
            return True
        self._hand(chosen)
        return False

    # The end

    def _unwind(self) -> None:
        """The run is over: tell the controller, wait to be ended, and leave the task."""
        me = self.current
        me.aborts += 1
        if not self.ending:
            self.controller.release()
            me.gate.acquire()
        if me.aborts > MOST_ABORTS:  # its code swallows the end again and again
            me.state = DONE
            self.controller.release()
            parked = _thread.allocate_lock()
            parked.acquire()
            parked.acquire()
        raise Abort

    def at_rest(self) -> None:
        """Nobody can go on: that is a failure where a task must end, or waits for a lock."""
        waiting = [task for task in self.tasks if task.state is WAITING]
        bad = [task for task in waiting if task.must_end or getattr(task.waits_on, "owner", None) is not None]
        if bad and self.failure is None:
            kind, text = self.why_waiting(bad[0])
            self.fail(kind, text, bad[0], self._line_of(bad[0]))

    def why_waiting(self, task: Task) -> tuple[str, str]:
        """Return the kind of failure, and in words who waits for what and who holds it."""
        waiting = [other for other in self.tasks if other.state is WAITING]
        told, kind = [], "stuck"
        for other in [task, *(other for other in waiting if other is not task)]:
            if not other.waits:
                continue
            line = self._line_of(other)
            text = tr("{name} waits for {waits}", name=other.name, waits=other.waits)
            text += " (" + tr("line {line}", line=line) + ")" if line else ""
            owner = getattr(other.waits_on, "owner", None)
            if owner is not None:
                kind = "deadlock"
                if owner is other:
                    text += tr(", which it holds itself")
                elif owner.state is DONE:
                    text += tr(", which {name} held when it ended", name=owner.name)
                else:
                    text += tr(", which {name} holds", name=owner.name)
            elif kind == "stuck" and getattr(other.waits_on, "missed", False) and other in (task, *waiting[:1]):
                kind = "lost wakeup"
                text += tr("; the wakeup came before it waited")
            told.append(text)
        return kind, ". ".join(told[:6]) + "."

    # What a replay records

    def note(self, kind: str, text: str, value: Any = ..., task: Task | None = None, line: int = 0) -> None:
        """Record an event; only a replay does."""
        self._settle()
        task = task or self.current or self.main
        frame = None if kind in ("end", "failure") else self._student_frame(sys._getframe(1))
        self.events.append(
            Event(
                thread=task.name,
                kind=kind,
                text=text,
                line=line or (frame.f_lineno if frame else 0),
                function=frame.f_code.co_name if frame else "",
                value="" if value is ... else short(value),
                held=tuple(self.label(lock) for lock in task.held),
                waits=task.waits if task.state is WAITING else "",
                wire=self.network.in_flight() if self.network else (),
                switch=self.switched,
            )
        )
        self.switched = False

    def wrote(self, value: Callable[[], Any]) -> None:
        """Say how to find out what the last event has written, as soon as it has."""
        self.pending = value

    def _settle(self) -> None:
        if self.pending is not None:
            find, self.pending = self.pending, None
            value = find()
            if value is not ...:
                self.events[-1] = dataclasses.replace(self.events[-1], value=short(value))

    def variable(self, name: str) -> Any:
        """Return the value of a variable that the running task is about to read."""
        frame = self._student_frame(sys._getframe(1))
        return frame.f_locals.get(name, frame.f_globals.get(name, ...)) if frame else ...

    def _student_frame(self, frame: Any) -> Any:
        while frame is not None and frame.f_code.co_filename not in self.program.files:
            frame = frame.f_back
        return frame

    def _line_of(self, task: Task) -> int:
        frame = self._student_frame(sys._current_frames().get(task.ident)) if task.ident else None
        return frame.f_lineno if frame else 0

    def label(self, thing: Any) -> str:
        """Return what the program calls an object: a global, an attribute, or a local of the running task."""
        if isinstance(thing, type):
            return thing.__name__
        for namespace in self.program.namespaces:
            for name, value in namespace.items():
                if value is thing and not name.startswith("__"):
                    return name
        for _, owner in list(self.names.values()):
            for name, value in (getattr(owner, "__dict__", None) or {}).items():
                if value is thing and type(owner).__module__ in self.program.modules:
                    return f"{type(owner).__name__}.{name}"
        frame = self._student_frame(sys._getframe(1))
        while frame is not None and frame.f_code.co_filename in self.program.files:
            for name, value in frame.f_locals.items():
                if value is thing:
                    return name
            frame = frame.f_back
        own = type(thing).__module__.startswith(__package__)
        return short(thing) if own else tr("a {kind}", kind=type(thing).__name__)


def short(value: Any) -> str:
    """Return a short text for a value; objects of the program's own are named by their type."""
    if type(value) in (int, str, bytes, bool, float, type(None), bytearray):
        text = repr(value)
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = ", ".join(short(item) for item in list(value)[:8])
        left, right = {list: "[]", tuple: "()"}.get(type(value), "{}" if value else (f"{type(value).__name__}(", ")"))
        text = f"{left}{inner}{right}"
    elif isinstance(value, dict):
        inner = ", ".join(f"{short(key)}: {short(item)}" for key, item in list(value.items())[:8])
        text = f"{{{inner}}}"
    else:
        kind = type(value)  # nothing of the program's own may run here: its __getattr__, for one
        named = isinstance(value, (type, types.FunctionType, types.ModuleType))
        text = value.__name__ if named else value.label if kind.__module__.startswith(__package__) else ""
        text = text or kind.__name__
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 1] + "…"
