"""Stand-ins for threading, time, queue, concurrent.futures and logging that leave every wait to the scheduler.

The explored program gets them from its own `import`. What they do not do themselves is the standard library's own
code: queues keep their items, concurrent.futures runs on the controlled locks, and logging formats as ever.
"""

from __future__ import annotations

import builtins
import concurrent.futures
import importlib.util
import io
import logging
import queue
import random
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

from ..language import tr
from . import scheduler
from .scheduler import DONE, Refused, Run, Task

IO = (("screen",), True)  # the access of whatever prints


def _run() -> Run:
    run = scheduler.RUN
    if run is None:
        raise RuntimeError(tr("the run that this belongs to is over"))
    return run


def _me(run: Run) -> Task:
    return run.current or run.main


class _Shared:
    """Something that synchronises: its key is the same in every schedule, and events tell what is done to it."""

    label = ""

    def _begin(self) -> None:
        run = _run()
        self.key = run.name_of(self)

    def __hash__(self) -> int:
        return hash(self.key)

    def _step(
        self,
        kind: str,
        verb: str,
        ready: Callable[[], Any] | None = None,
        waits: str = "",
        timeout: float | None = None,
    ) -> bool:
        """A step on this object: wait until ready(); returns False where the timeout is over."""
        run = _run()
        if run.mine():
            run.current.switchable = True  # in the library it is a function in Python
        if run.events is not None and run.mine():
            name = run.label(self)
            done = run.sync(self, ready, waits.replace("{}", name), timeout)
            run.note(kind, verb.replace("{}", name) + ("" if done else tr(": the time is over")))
            return done
        return run.sync(self, ready, waits, timeout)


def seconds(timeout: float | None) -> float | None:
    """Return a lock's timeout as the others have it: None for ever."""
    return None if timeout is None or timeout < 0 else timeout


class Lock(_Shared):
    reentrant = False

    def __init__(self) -> None:
        self.owner: Task | None = None
        self.count = 0
        self._begin()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        run = _run()
        me = _me(run)
        if self.reentrant and self.owner is me:
            self.count += 1
            return True
        if not blocking:
            if run.mine():
                run.point(((self.key, True), ((self.key, "try"), True)))
            if self.owner is not None:
                return False
        else:
            if timeout is not None and timeout >= 0 and run.mine():
                run.point((((self.key, "try"), True),))
            if not self._wait(run, seconds(timeout)):
                return False
        self.owner, self.count = me, 1
        me.held += (self,)
        if run.events is not None and run.mine():
            run.note("acquire", tr("takes {}").format(run.label(self)))
        return True

    def _wait(self, run: Run, timeout: float | None) -> bool:
        waits = run.label(self) if run.events is not None else "a lock"
        return run.sync(self, lambda: self.owner is None, waits, timeout)

    def release(self) -> None:
        run = scheduler.RUN
        if run is None or run.ending:  # whatever is still held is of no interest any more
            self.owner = None
            return
        me = _me(run)
        if self.owner is None or (self.reentrant and self.owner is not me):
            raise RuntimeError("release unlocked lock" if self.owner is None else "cannot release un-acquired lock")
        if self.count > 1:
            self.count -= 1
            return
        if run.mine():
            # It matters who comes first only to those who try the lock and do not wait for it.
            run.point(((self.key, True), ((self.key, "try"), True)), watch=(((self.key, "try"), True),))
        self.count = 0
        self.owner.held = tuple(lock for lock in self.owner.held if lock is not self)
        self.owner = None
        run.options = None
        if run.events is not None and run.mine():
            run.note("release", tr("lets go of {self}", self=run.label(self)))

    def locked(self) -> bool:
        run = _run()
        if run.mine():
            run.point(((self.key, False), ((self.key, "try"), True)))
        return self.owner is not None

    def _is_owned(self) -> bool:
        return self.owner is _me(_run())

    def __enter__(self) -> bool:
        taken = self.acquire()
        if sys.version_info >= (3, 14):  # there a `with` begins with a call
            _me(_run()).switchable = True
        return taken

    def __exit__(self, *exception: object) -> None:
        self.release()
        if scheduler.RUN is not None:
            _me(scheduler.RUN).switchable = True  # a `with` ends with a call, after which CPython may switch


class RLock(Lock):
    reentrant = True


class Condition(_Shared):
    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock if lock is not None else RLock()
        self.waiters: list[list[bool]] = []
        self.missed = False  # whether a notify has come when nobody waited
        self.acquire, self.release = self._lock.acquire, self._lock.release
        self._begin()

    def __enter__(self) -> bool:
        return self._lock.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._lock.__exit__(*exception)

    def wait(self, timeout: float | None = None) -> bool:
        run = _run()
        if not self._lock._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        woken = [False]
        self.waiters.append(woken)
        count, self._lock.count = self._lock.count, 1
        self._lock.release()
        name = tr("a notify of {self}", self=run.label(self)) if run.events is not None else "a notify"
        done = run.block(name, lambda: woken[0], timeout, self)
        run.touch(((self.key, True),))
        if woken in self.waiters:
            self.waiters.remove(woken)
        self._lock.acquire()
        self._lock.count = count
        return done

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        result = predicate()
        while not result:
            if not self.wait(timeout):
                return predicate()
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        run = _run()
        if not self._lock._is_owned():
            raise RuntimeError("cannot notify on un-acquired lock")
        if run.mine() and not run.ending:
            run.touch(((self.key, True),))
            if run.events is not None:
                what = tr("notifies {}") if self.waiters else tr("notifies {}, where nobody waits")
                run.note("other", what.format(run.label(self)))
        self.missed = self.missed or not self.waiters
        for woken in self.waiters[:n]:
            woken[0] = True
        del self.waiters[:n]
        run.options = None

    def notify_all(self) -> None:
        self.notify(max(1, len(self.waiters)))

    notifyAll = notify_all


class Event(_Shared):
    def __init__(self) -> None:
        self.flag = self.missed = False
        self._begin()

    def is_set(self) -> bool:
        run = _run()
        if run.mine():
            run.current.switchable = True
            run.point(((self.key, False),))
            if run.events is not None:
                run.note("read", tr("asks {}").format(f"{run.label(self)}.is_set()"), self.flag)
        return self.flag

    isSet = is_set

    def set(self) -> None:
        self._step("other", tr("sets {}"))
        self.flag = self.missed = True
        _run().options = None

    def clear(self) -> None:
        self._step("other", tr("clears {}"))
        self.flag = False

    def wait(self, timeout: float | None = None) -> bool:
        self._step("other", tr("has waited for {}"), lambda: self.flag, tr("{} to be set"), timeout)
        return self.flag


class Semaphore(_Shared):
    bounded = False

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self.value = self.most = value
        self._begin()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        ready = (lambda: self.value > 0) if blocking else None
        if not self._step("acquire", tr("takes one of {}"), ready, "{}", timeout) or self.value <= 0:
            return False
        self.value -= 1
        return True

    def release(self, n: int = 1) -> None:
        self._step("release", tr("gives back one of {}"))
        if self.bounded and self.value + n > self.most:
            raise ValueError("Semaphore released too many times")
        self.value += n
        _run().options = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    bounded = True


class Thread(_Shared):
    _task: Task | None = None

    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, *, daemon: bool | None = None) -> None:
        run = _run()
        self._target, self._args, self._kwargs = target, args, kwargs or {}
        self.daemon = bool(daemon) if daemon is not None else _daemon(run)
        self._begin()
        run.threads += 1
        inner = getattr(target, "__name__", "")
        self._name = str(name) if name else f"Thread-{run.threads}" + (f" ({inner})" if inner else "")

    name = property(lambda self: self._name, lambda self, name: setattr(self, "_name", str(name)))

    @property
    def label(self) -> str:
        return self._task.name if self._task else self._name

    def run(self) -> None:
        if self._target:
            _run().program.call(self._target, *self._args, **self._kwargs)

    def start(self) -> None:
        run = _run()
        if "_name" not in vars(self):
            raise RuntimeError("thread.__init__() not called")
        if self._task is not None:
            raise RuntimeError("threads can only be started once")
        if run.ending:
            raise scheduler.Abort
        function = getattr(self._target, "__name__", "") or type(self).__name__
        name = self._name if not self._name.startswith("Thread-") else function
        task = self._task = run.spawn(self.run, name, must_end=run.program.threads_must_end and not self.daemon)
        task.instance = self
        if run.mine():
            run.touch(((self.key, True),))
            task.history = hash((task.history, run.current.history))
            if run.events is not None:
                run.note("start", tr("starts {}").format(task.name))

    def join(self, timeout: float | None = None) -> None:
        if self._task is None:
            raise RuntimeError("cannot join thread before it is started")
        if self._task is _run().current:
            raise RuntimeError("cannot join current thread")
        self._step("other", tr("has joined {}"), lambda: self._task.state is DONE, tr("the end of {}"), timeout)

    def is_alive(self) -> bool:
        run = _run()
        if run.mine():
            run.point(((self.key, False),))
        return self._task is not None and self._task.state is not DONE

    ident = property(lambda self: self._task and (hash(self._task.path) & 0x7FFFFFFF))
    native_id = ident

    def setDaemon(self, daemon: bool) -> None:
        self.daemon = daemon

    def isDaemon(self) -> bool:
        return self.daemon

    def getName(self) -> str:
        return self._name

    def setName(self, name: str) -> None:
        self._name = name


def _daemon(run: Run) -> bool:
    instance = _me(run).instance
    return bool(instance and instance.daemon)


class Timer(Thread):
    def __init__(self, interval: float, function: Callable, args=None, kwargs=None) -> None:
        super().__init__()
        self.interval, self.function = interval, function
        self.args, self.kwargs = args or [], kwargs or {}
        self.finished = Event()

    def cancel(self) -> None:
        self.finished.set()

    def run(self) -> None:
        self.finished.wait(self.interval)
        if not self.finished.is_set():
            self.function(*self.args, **self.kwargs)
        self.finished.set()


class local:
    """threading.local: a namespace for each task."""

    def __new__(cls, *args: Any, **kwargs: Any) -> local:
        self = object.__new__(cls)
        object.__setattr__(self, "_lab_arguments", (args, kwargs))
        return self

    def _lab_namespace(self) -> dict:
        me = _me(_run())
        if self not in me.local:
            me.local[self] = {}
            args, kwargs = object.__getattribute__(self, "_lab_arguments")
            type(self).__init__(self, *args, **kwargs)
        return me.local[self]

    def __hash__(self) -> int:
        return _run().name_of(self)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_lab_"):
            return object.__getattribute__(self, name)
        namespace = self._lab_namespace()
        if name == "__dict__":
            return namespace
        return namespace[name] if name in namespace else object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._lab_namespace()[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._lab_namespace()[name]
        except KeyError:
            raise AttributeError(name) from None


def current_thread() -> Thread:
    task = _me(_run())
    if task.instance is None:
        task.instance = Thread(name="MainThread" if task is _run().main else task.name, daemon=False)
        task.instance._task = task
    return task.instance


def _threads() -> list[Thread]:
    run = _run()
    if run.mine():
        run.point(((("threads",), False),))
    return [task.instance for task in run.tasks if task.instance and task.state is not DONE]


def _threading() -> types.ModuleType:
    module = types.ModuleType("threading")
    own = (Lock, RLock, Condition, Event, Semaphore, BoundedSemaphore, Thread, Timer, local, current_thread)
    vars(module).update({thing.__name__: thing for thing in own})
    vars(module).update(
        Barrier=_on(module, threading.Barrier),
        BrokenBarrierError=threading.BrokenBarrierError,
        ThreadError=RuntimeError,
        TIMEOUT_MAX=threading.TIMEOUT_MAX,
        ExceptHookArgs=threading.ExceptHookArgs,
        excepthook=None,
        currentThread=current_thread,
        main_thread=current_thread,
        get_ident=lambda: current_thread().ident,
        get_native_id=lambda: current_thread().ident,
        enumerate=_threads,
        active_count=lambda: 1 + len(_threads()),
        activeCount=lambda: 1 + len(_threads()),
        _register_atexit=lambda function: None,
        settrace=lambda function: None,
        setprofile=lambda function: None,
        stack_size=lambda size=0: 0,
    )
    return module


def _on(module: types.ModuleType, cls: type) -> type:
    """Return a class of the standard library's with its globals exchanged: it finds the controlled locks."""
    globals_ = {**vars(sys.modules[cls.__module__]), **vars(module)}
    body = {
        name: types.FunctionType(value.__code__, globals_, name, value.__defaults__, value.__closure__)
        if isinstance(value, types.FunctionType)
        else property(types.FunctionType(value.fget.__code__, globals_))
        if isinstance(value, property)
        else value
        for name, value in vars(cls).items()
        if name not in ("__dict__", "__weakref__")
    }
    return type(cls.__name__, (), body)


def _time() -> types.ModuleType:
    module = types.ModuleType("time")
    vars(module).update({name: value for name, value in vars(time).items() if not name.startswith("__")})

    def sleep(duration: float) -> None:
        run = _run()
        if duration < 0:
            raise ValueError("sleep length must be non-negative")
        if not run.mine():
            run.now += duration
            return
        run.point(((("sleep", run.current.path), True),))
        run.block(tr("{duration:g} s to pass", duration=duration), None, duration)

    now = lambda: _run().now
    vars(module).update(sleep=sleep, time=now, monotonic=now, perf_counter=now, process_time=now, thread_time=now)
    vars(module).update(time_ns=lambda: int(_run().now * 1e9), monotonic_ns=lambda: int(_run().now * 1e9))
    vars(module).update(perf_counter_ns=lambda: int(_run().now * 1e9))
    return module


_CODE: dict[str, Any] = {}


def _library(run: Run | None, name: str) -> types.ModuleType:
    """Execute a module of the standard library anew, with its imports exchanged as the program's are."""
    if name not in _CODE:
        spec = importlib.util.find_spec(name)
        _CODE[name] = spec.loader.get_code(name)
    module = types.ModuleType(name)
    module.__package__ = name.rpartition(".")[0]

    def load(wanted: str, globals_=None, locals_=None, fromlist=(), level: int = 0) -> Any:
        if wanted == "os" and name.startswith("concurrent"):
            return _OS  # without register_at_fork: it would keep every run for ever
        if wanted == "concurrent.futures" and fromlist:
            return types.SimpleNamespace(_base=stand_in(run, "concurrent.futures._base"))
        return stand_in(run, wanted) or builtins.__import__(wanted, globals_, locals_, fromlist, level)

    module.__builtins__ = {**vars(builtins), "__import__": load}
    exec(_CODE[name], vars(module))
    return module


_OS = types.SimpleNamespace(cpu_count=lambda: 2, process_cpu_count=lambda: 2)


class _Waiting(_Shared):
    """Put, get and join of a queue, each one step: what the library's own lock makes of them."""

    missed = False

    @property
    def label(self) -> str:
        return tr("a queue")

    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self.unfinished_tasks = 0
        self._init(maxsize)
        self._begin()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        room = lambda: self.maxsize <= 0 or self._qsize() < self.maxsize
        verb = tr("puts {item} into {{}}", item=scheduler.short(item)) if _run().events is not None else ""
        if not self._step("write", verb, room if block else None, tr("room in {}"), timeout) or not room():
            raise queue.Full
        self._put(item)
        self.unfinished_tasks += 1
        _run().options = None

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        if (
            not self._step("read", tr("gets from {}"), self._qsize if block else None, tr("an item in {}"), timeout)
            or not self._qsize()
        ):
            raise queue.Empty
        item = self._get()
        run = _run()
        run.options = None
        if run.events is not None and run.mine():
            run.wrote(lambda: item)
        return item

    def put_nowait(self, item: Any) -> None:
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def task_done(self) -> None:
        self._step("other", tr("is done with an item of {}"))
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self.unfinished_tasks -= 1
        _run().options = None

    def join(self) -> None:
        self._step("other", tr("has joined {}"), lambda: not self.unfinished_tasks, tr("all items of {} to be done"))

    def qsize(self) -> int:
        self._step("read", tr("asks how full {} is"))
        return self._qsize()

    def empty(self) -> bool:
        return not self.qsize()

    def full(self) -> bool:
        return 0 < self.maxsize <= self.qsize()


class Queue(_Waiting, queue.Queue):
    pass


class LifoQueue(_Waiting, queue.LifoQueue):
    pass


class PriorityQueue(_Waiting, queue.PriorityQueue):
    pass


class SimpleQueue(Queue):
    def __init__(self) -> None:
        super().__init__()


def _queue() -> types.ModuleType:
    module = types.ModuleType("queue")
    own = (Queue, LifoQueue, PriorityQueue, SimpleQueue, queue.Empty, queue.Full)
    vars(module).update({thing.__name__: thing for thing in own})
    return module


def _futures(run: Run) -> types.ModuleType:
    base = stand_in(run, "concurrent.futures._base")
    pool = _library(run, "concurrent.futures.thread")
    module = types.ModuleType("concurrent.futures")
    vars(module).update({name: getattr(base, name) for name in concurrent.futures._base.__dict__ if name[0] != "_"})
    module.ThreadPoolExecutor = pool.ThreadPoolExecutor
    module.thread, module._base = pool, base
    module.ProcessPoolExecutor = forbidden("concurrent.futures").ProcessPoolExecutor
    return module


def _concurrent(run: Run) -> types.ModuleType:
    module = types.ModuleType("concurrent")
    module.futures = stand_in(run, "concurrent.futures")
    return module


class _NoLock:
    """The run of a handler is one step: it needs no lock of its own."""

    def acquire(self) -> None: ...

    def release(self) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(self, *exception: object) -> None: ...


def _logging(run: Run) -> types.ModuleType:
    """The real logging with a root of its own; what it writes is a step on the screen."""
    module = types.ModuleType("logging")
    vars(module).update({name: value for name, value in vars(logging).items() if not name.startswith("__")})
    root = logging.RootLogger(logging.WARNING)
    manager = logging.Manager(root)

    class Screen(logging.Handler):
        def createLock(self) -> None:
            self.lock = _NoLock()

        def emit(self, record: logging.LogRecord) -> None:
            if not _run().ending:
                printed(_run(), self.format(record) + "\n")

    class Logger(logging.Logger):
        pass

    manager.loggerClass = Logger
    Logger.root, Logger.manager = root, manager

    def handler(stream: Any = None, *rest: Any, **more: Any) -> logging.Handler:
        return Screen()

    default = Screen(logging.WARNING)  # what logging does where nobody has configured it
    root.addHandler(default)

    def get_logger(name: str | None = None) -> logging.Logger:
        return manager.getLogger(name) if name else root

    def basic_config(**options: Any) -> None:
        if root.handlers == [default] or options.get("force"):
            root.handlers.clear()
            screen = Screen()
            style = options.get("style", "%")
            form = options.get("format") or logging._STYLES[style][1]
            screen.setFormatter(logging.Formatter(form, options.get("datefmt"), style))
            root.addHandler(screen)
        if "level" in options:
            root.setLevel(options["level"])

    def of_root(name: str) -> Callable:
        def log(*arguments: Any, **more: Any) -> None:
            if root.handlers == [default]:
                basic_config()
            getattr(root, name)(*arguments, **more)

        return log

    for name in ("debug", "info", "warning", "error", "exception", "critical", "log"):
        setattr(module, name, of_root(name))
    module.warn, module.fatal = module.warning, module.critical
    module.root, module.getLogger, module.basicConfig = root, get_logger, basic_config
    module.StreamHandler = module.FileHandler = handler
    module.shutdown = lambda *handlers: None
    return module


def printed(run: Run, text: str) -> None:
    """Put text on the screen of the run: a step, for the order of what is printed can matter."""
    if run.mine():
        run.current.switchable = True  # writing lets go of the interpreter
        run.point((IO,))
        if run.events is not None:
            run.note("print", tr("prints {}").format(repr(text)))
    run.output.append(text)


def print_(*values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False) -> None:
    """print: one step."""
    text, end = (" " if sep is None else sep).join(map(str, values)), "\n" if end is None else end
    if file is not None and file not in (sys.stdout, sys.stderr):
        file.write(text)  # twice, as CPython does
        if end:
            file.write(end)
        return
    run = scheduler.RUN
    if run is not None:
        printed(run, text + end)


def input_(prompt: object = "") -> str:
    run = _run()
    printed(run, str(prompt))
    run.block(tr("somebody to type"), lambda: False)
    raise EOFError


def open_(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
    """Reading reads; what is written is kept in memory and forgotten, for a program runs thousands of times."""
    if any(letter in mode for letter in "wax+"):
        return io.BytesIO() if "b" in mode else io.StringIO()
    return builtins.open(file, mode, *rest, **more)


class _Forbidden:
    """Something that cannot be controlled: to import it does no harm, to use it is refused."""

    def __init__(self, name: str) -> None:
        self._lab_name = name

    def _refuse(self, *arguments: Any, **more: Any) -> Any:
        run = _run()
        frame = run._student_frame(sys._getframe(1))
        line = tr("line {f_lineno} uses", f_lineno=frame.f_lineno) if frame else tr("the program uses")
        run.refused = Refused(
            tr("{line} {lab_name}, which the explorer cannot control.", line=line, lab_name=self._lab_name)
        )
        raise run.refused

    __call__ = __enter__ = __iter__ = __mro_entries__ = _refuse

    def __getattr__(self, name: str) -> _Forbidden:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Forbidden(f"{self._lab_name}.{name}")


def forbidden(name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__getattr__ = lambda part: _Forbidden(f"{name}.{part}")
    module.__path__ = []
    return module


FORBIDDEN = set(
    "asyncio select selectors multiprocessing subprocess signal socketserver ssl http http.server http.client "
    "urllib.request xmlrpc _thread _socket _queue ctypes greenlet gevent trio sched faulthandler".split()
)


def _socket() -> types.ModuleType:
    from .network import make_module

    return make_module()


_SHARED = {"threading": _threading, "time": _time, "queue": _queue, "socket": _socket}  # without state: made once
_MADE: dict[str, types.ModuleType] = {}
_MAKERS = {
    "logging": _logging,
    "concurrent": _concurrent,
    "concurrent.futures": _futures,
    "concurrent.futures.thread": lambda run: stand_in(run, "concurrent.futures").thread,
    "concurrent.futures._base": lambda run: _library(run, "concurrent.futures._base"),
}


def stand_in(run: Run | None, name: str) -> types.ModuleType | None:
    """Return what the program gets where it imports this module; None where the real one does no harm."""
    if name in _SHARED:
        if name not in _MADE:
            _MADE[name] = _SHARED[name]()
        return _MADE[name]
    if run is None:
        return None
    if name in run.modules:
        return run.modules[name]
    if name in _MAKERS:
        module = _MAKERS[name](run)
    elif name in FORBIDDEN:
        module = forbidden(name)
    elif name == "random":
        random.seed(0)
        return None
    else:
        return None
    run.modules[name] = module
    return module
