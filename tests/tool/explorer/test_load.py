"""The rewriter: a program does the same after it as before, for every form that Python has; the rest is refused."""

from __future__ import annotations

import ast
import sys

import pytest

from chatlab.explorer import Program, Refused
from chatlab.explorer.search import Search

FORMS = {
    "assignments": """
        class Box:
            size = 1
            __hidden = 3
            def __init__(self):
                self.a, self.b = 1, [2, 3]
                self.__own = 5
            def own(self):
                self.__own += 1
                return self.__own, self.__hidden
        box = Box()
        def main():
            d = {"x": 1}
            x = y = [1, 2, 3, 4, 5]
            first, *rest = x
            (p, q), r = (1, 2), 3
            box.a, d["y"], x[1:3], x[-1] = 10, 20, [7, 8, 9], 6
            d["x"] += 5; box.a -= 1; box.b += [4]; x[0] *= 2; x[1:2] += [0]
            n: int = 3
            m: int
            box.c: str = "c"
            d["z"]: int = 9
            del d["x"], box.c, x[0], x[-2:]
            Box.size += 1
            k = 2; k **= 3; k //= 3; k %= 5; k <<= 2; k >>= 1; k |= 8; k ^= 3; k &= 14; k /= 4; k @= M()
            return first, rest, p, q, r, box.a, box.b, d, x, y, n, box.own(), Box.size, k
        class M:
            def __rmatmul__(self, other): return ("matmul", other)
    """,
    "order of evaluation": """
        log = []
        def f(name, value):
            log.append(name)
            return value
        class Slot(dict):
            def __setitem__(self, key, value): log.append(("set", key, value)); super().__setitem__(key, value)
            def __getitem__(self, key): log.append(("get", key)); return super().__getitem__(key)
            def __delitem__(self, key): log.append(("del", key)); super().__delitem__(key)
        def main():
            s = Slot()
            f("s", s)[f("i", 1)] = f("v", 2)
            f("s", s)[f("i", 1)] += f("w", 3)
            f("s", s)[f("j", 2)], f("t", s)[f("k", 3)] = f("pair", (8, 9))
            del f("s", s)[f("i", 1)]
            f("a", 1) < f("b", 2) < f("c", 0) < f("never", 1)
            f("x", 0) or f("y", 1) and f("z", 2)
            f("call", max)(f("one", 1), *f("many", [2, 3]), key=f("key", lambda n: -n))
            {f("k1", 1): f("v1", 2), **f("more", {3: 4})}
            f("then", 1) if f("test", 0) else f("else", 2)
            f("left", [1]) + f("right", [2])
            f("item", 1) in f("container", [1])
            try:
                None.missing(f("not evaluated", 1))
            except AttributeError as error:
                log.append(str(error))
            return log, dict(s)
    """,
    "operators": """
        def main():
            a, b, e = [1], {2}, []
            return (
                a + [2], a * 2, 7 % 3, "%s and %s" % (a, b), "%s" % b, b | {3}, b & {2}, b - {2}, b ^ {5}, 2 ** 5, 7 // 2,
                7 / 2, 1 << 4, 256 >> 3, ~5, -5, +5, not a, not e, a == [1], a != b, a is a, a is not b, 1 in a,
                1 not in a, 1 < 2 <= 2 < 3, a and e, e or a, a and not e, [] == e == [], b >= {2}, a < [2], 5 > 4,
            )
    """,
    "strings and f-strings": """
        items = [1, 2]
        class Thing:
            name = "thing"
            def __format__(self, spec): return f"<{spec}>"
            def __repr__(self): return "Thing()"
        def main():
            t, width = Thing(), 6
            return (
                f"{items} {items!r:>10} {len(items):{width}d} {t:abc} {t!r} {t.name=} {{}} {items[0]:+}", "a" "b", b"c",
                "-".join(str(i) for i in items), "{} {x}".format(*items, x=3), f"{'nested ' + f'{items}'}", rf"\\{1}",
            )
    """,
    "loops": """
        d = {"a": 1, "b": 2}
        class Counter:
            def __init__(self, n): self.n = n
            def __iter__(self): return self
            def __next__(self):
                if self.n <= 0: raise StopIteration
                self.n -= 1
                return self.n
        def main():
            out = []
            for x in [1, 2, 3]:
                if x == 2: continue
                out.append(x)
            else: out.append("done")
            for k, v in d.items(): out.append((k, v))
            for (a, b), c in [((1, 2), 3)]: out.append(a + b + c)
            for out_first, *others in [(1, 2, 3)]: out += others
            for d["c"] in (7, 8): pass
            for i, x in enumerate(sorted(d), start=1): out.append((i, x))
            for a, b in zip(d, d.values()): out.append((a, b))
            for x in reversed([1, 2]): out.append(x)
            for x in map(str, filter(None, [0, 1])): out.append(x)
            for x in Counter(2): out.append(x)
            for letter in "ab": out.append(letter)
            n = 3
            while n:
                n -= 1
                if n == 1: break
            else: out.append("never")
            while n < 3: n += 1
            else: out.append("else")
            return out, list(d.keys()), list(d.values()), len(d.items()), ("a", 1) in d.items(), d.keys() & {"a"}, next(iter([5]))
    """,
    "comprehensions": """
        data = [1, 2, 3]
        def main():
            total = 0
            gen = (x * y for x in data for y in data if x != y)
            return (
                [x for x in data if x > 1], {x % 2 for x in data}, {x: [y for y in range(x)] for x in data}, list(gen),
                [(x, y) for x, y in zip(data, data)], [total := total + x for x in data], total,
                sum(x for x in data), any(x > 2 for x in data), [[c for c in row] for row in ["ab"]],
                max(data, key=lambda v: -v), sorted({3: 1, 1: 2}.items()), dict((k, k) for k in data), set(data), tuple(data),
            )
    """,
    "functions": """
        import functools
        def deco(f):
            @functools.wraps(f)
            def inner(*args, **kwargs): return ("deco", f(*args, **kwargs))
            return inner
        @deco
        def g(a, /, b=2, *args, c, d=4, **kwargs): return a, b, args, c, d, kwargs
        def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
        def outer():
            count = 0
            def inc(by=1):
                nonlocal count
                count += by
                return count
            def late(): return later()
            def later(): return "later"
            return inc(), inc(5), count, late()
        counter = 0
        def bump():
            global counter, made
            counter += 1
            made = [counter]
            return counter
        def gen():
            got = yield 1
            yield got
            try: yield 3
            finally: yield "cleaning"
            return "result"
        def delegate():
            result = yield from gen()
            yield result
            yield from [1, 2]
        def docs():
            "the docstring"
            return docs.__doc__
        def unbound():
            global counter
            del counter
            try: return counter
            except NameError: return "unbound"
        def main():
            it = gen()
            sent = [next(it), it.send("sent"), next(it), next(it, "end")]
            funcs = [lambda x=i: x for i in range(3)] + [lambda: i for i in range(2)]
            return (
                g(1, c=3), g(*[1, 2, 3], **{"c": 5, "z": 6}), fib(10), outer(), bump(), bump(), made, sent,
                list(delegate()), [f() for f in funcs], docs(), unbound(), (lambda *a, k=1, **kw: (a, k, kw))(1, k=2, z=3),
            )
    """,
    "classes": """
        import abc, dataclasses, enum, collections, contextlib
        class Base:
            shared = []
            def __init__(self): self.x = 1
            def hello(self): return "base"
            def __eq__(self, other): return isinstance(other, Base)
            __hash__ = None
        class Child(Base, metaclass=abc.ABCMeta):
            def __init__(self):
                super().__init__()
                self.__dict = 2
            def hello(self): return super().hello() + " child"
            @property
            def twice(self): return self.x * 2
            @twice.setter
            def twice(self, value): self.x = value // 2
            @staticmethod
            def static(v): return v
            @classmethod
            def make(cls): return cls()
            def __getattr__(self, name):
                if name == "dynamic": return "made"
                raise AttributeError(name)
            def __call__(self, v): return v + 1
            def __len__(self): return 3
            def __bool__(self): return False
            def __contains__(self, v): return v == 1
            def __iter__(self): return iter([1, 2])
            def __getitem__(self, i): return i
            def __enter__(self): return self
            def __exit__(self, *e): return True
        @dataclasses.dataclass
        class Point:
            x: int
            y: int = 2
            tags: list = dataclasses.field(default_factory=list)
        @dataclasses.dataclass(frozen=True)
        class Fixed: x: int
        class Slots:
            __slots__ = ("a",)
            def __init__(self): self.a = 1
        class Color(enum.Enum):
            RED = 1
            @property
            def low(self): return self.name.lower()
        class Names(list):
            def add(self, n): self.append(n); return self
        Pair = collections.namedtuple("Pair", "a b")
        def main():
            c = Child.make()
            c.twice = 8
            with c as same, contextlib.suppress(ValueError): raise KeyError("swallowed")
            p, s = Point(1), Slots()
            p.x += 1; p.tags.append(1); s.a += 1
            setattr(p, "y", 9); delattr(p, "y")
            try: hash(p)
            except TypeError as e: unhashable = str(e)
            return (
                c.hello(), c.twice, Child.static(3), c.dynamic, hasattr(c, "nope"), getattr(c, "x"), getattr(c, "q", 5), c(1), len(c),
                bool(c), 1 in c, list(c), c[4], c[1:2], same is c, repr(p), p == Point(2, 2, [1]), hash(Fixed(1)) == hash(Fixed(1)), s.a, p.y,
                Color.RED.low, Color(1), Names(["a"]).add("b"), Pair(1, 2)._replace(a=3), c == Base(), Base.shared is c.shared, unhashable,
                isinstance(c, Base), issubclass(Child, Base), Child.__mro__[1].__name__, type(c).__name__, vars_of(c),
            )
        def vars_of(o): return sorted(n for n in dir(o) if n == "x")
    """,
    "exceptions": """
        class Mine(Exception):
            def __init__(self, code): self.code = code
        def risky(n):
            try:
                if n == 0: raise Mine(7)
                if n == 1: raise ValueError("v") from KeyError("k")
                if n == 2: return "returned"
                assert n == 3, f"n is {n}"
            except Mine as error: return ("mine", error.code)
            except (ValueError, TypeError) as error: return repr(error), repr(error.__cause__)
            except AssertionError as error: return str(error)
            else: return "else"
            finally: out.append(n)
        out = []
        def main():
            done = [risky(n) for n in range(5)]
            try:
                try: [][1]
                finally: done.append("cleaned")
            except LookupError: done.append("caught")
            try: raise
            except RuntimeError: done.append("nothing to raise")
            return done, out
    """,
    "with": """
        import contextlib
        @contextlib.contextmanager
        def room(name):
            log.append("in " + name)
            try: yield {"name": name}
            finally: log.append("out " + name)
        log, held = [], {}
        def main():
            with room("a") as a, room("b") as held["b"]:
                log.append(a["name"])
            with room("c"): pass
            with (room("d") as d, room("e")): log.append(d["name"])
            with room("f") as (key): held[key] = 1 if False else 2 if key == "name" else 3
            return log, sorted(held)
    """.replace('held[key] = 1 if False else 2 if key == "name" else 3', 'held["f"] = key["name"]'),
    "match": """
        import enum
        class Kind(enum.Enum): A = 1
        class Point:
            __match_args__ = ("x", "y")
            def __init__(self, x, y): self.x, self.y = x, y
        def look(v):
            match v:
                case 0 | 1: return "small"
                case Kind.A: return "kind"
                case [1, 2, *rest] if rest: return ("list", rest)
                case {"k": value, **more}: return ("dict", value, more)
                case Point(x=0, y=y): return ("axis", y)
                case Point(x, y): return ("point", x, y)
                case str() as text: return text
                case None: return "none"
                case (a, b): return (b, a)
                case _: return "other"
        def main(): return [look(v) for v in (0, Kind.A, [1, 2, 3], {"k": 1, "z": 2}, Point(0, 3), Point(1, 2), "s", None, (8, 9), 5.5)]
    """,
    "small statements": """
        import os.path as path, sys
        from math import *
        from collections import deque as line, defaultdict
        if sys.version_info >= (3, 0): new = True
        elif False: new = 1
        else: new = False
        def empty(): ...
        def nothing(): pass
        def main():
            q = line([1], maxlen=2); q.append(2); q.append(3); q[0] = 9; q.rotate()
            t = defaultdict(list); t["a"].append(1)
            b = bytearray(b"ab"); b += b"c"; b[0] = 65; del b[1]
            x = y = 0
            if (n := len(q)) > 1: x = n
            return path.join("a", "b"), floor(2.5), new, empty(), nothing(), list(q), dict(t), bytes(b), x, ..., 1j, 0x10, None, (x, *q)[1:], [*q, *t], {*q}
    """,
}
if sys.version_info >= (3, 11):
    FORMS["exception groups"] = """
        def main():
            got = []
            try: raise ExceptionGroup("g", [ValueError(1), KeyError(2)])
            except* ValueError as group: got.append(len(group.exceptions))
            except* KeyError: got.append("key")
            return got
    """
if sys.version_info >= (3, 12):
    FORMS["type parameters"] = """
        type Names = list[str]
        def first[T](items: list[T]) -> T: return items[0]
        def every[*Ts, **P](*items: *Ts): return items
        class Stack[T: int]:
            def __init__(self): self.items: list[T] = []
            def push(self, item: T) -> None: self.items.append(item)
        def main():
            s = Stack[int](); s.push(3)
            return first([1]), every(1, 2), s.items, Names.__name__, f"{'same' + "quotes"}"
    """
REFUSED = {
    "async def main(): pass": 1,
    "def main():\n    return eval('1')": 2,
    "def main():\n    exec('x = 1')": 2,
    "def main():\n    return globals()": 2,
    "class A: pass\ndef main():\n    return A().__dict__": 3,
    "def main():\n    global f\n    def f(): pass": 3,
    "def main():\n    d = {}\n    return [0 for d['x'] in (1, 2)]": 3,
}
OLD = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice", "Suite", "AugLoad", "AugStore", "Param"}
ASYNC = {"AsyncFunctionDef", "AsyncFor", "AsyncWith", "Await"}
SHAPES = {"TemplateStr", "Interpolation"}  # 3.14


def dedent(source):
    lines = source.strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines) + "\n"


def explored(source):
    """Return what main() returns in the rewritten program, in a thread of the explorer."""
    program, got = Program("program.py", source), []

    def prepare(run, namespace):
        run.spawn(lambda: got.append(namespace["main"]()), "main", must_end=True)

    run = Search(program, prepare, early_timeouts=False).run(record=True)
    assert run.failure is None, run.failure
    return got[0]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_result(form):
    source = dedent(FORMS[form])
    namespace = {"__name__": "program"}
    exec(compile(source, "program.py", "exec", dont_inherit=True), namespace)
    assert repr(explored(source)) == repr(namespace["main"]())


@pytest.mark.parametrize("source", REFUSED)
def test_refused_with_its_line(source):
    with pytest.raises(Refused, match=f"line {REFUSED[source]}"):
        Program("program.py", source)


def test_every_form_of_the_grammar_is_tried():
    tried = {type(node).__name__ for source in FORMS.values() for node in ast.walk(ast.parse(dedent(source)))}
    kinds = (ast.stmt, ast.expr, ast.pattern, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
    forms = {
        name
        for name, value in vars(ast).items()
        if isinstance(value, type) and issubclass(value, kinds) and value not in kinds and not name.startswith("_")
    }
    assert not forms - tried - OLD - ASYNC - SHAPES


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import select\ndef main():\n    select.select([], [], [])", "line 3 uses select.select"),
        ("import asyncio\ndef main():\n    asyncio.run(1)", "line 3 uses asyncio.run"),
        ("from multiprocessing import Process\ndef main():\n    Process()", "line 3 uses multiprocessing.Process"),
    ],
)
def test_what_cannot_be_controlled_is_refused(source, told):
    with pytest.raises(Refused, match=told):
        explored(source)
