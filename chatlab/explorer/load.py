"""Load a program with every access to what threads may share made visible.

The syntax tree is rewritten in memory: each read or write of an attribute, an item, a container, or a variable that
more than one function uses calls a helper first, which knows the object and is a step of the schedule. The program's
text, line numbers and results stay the same. What cannot be rewritten is refused, with its line.
"""

from __future__ import annotations

import ast
import builtins
import collections
import inspect
import linecache
import operator
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..language import tr
from . import scheduler
from .scheduler import Refused, Run
from .sync import input_, open_, print_, stand_in

CONTAINERS = (list, dict, set, bytearray, collections.deque)  # and what derives from them
LAZY = (enumerate, filter, iter, map, reversed, zip)  # they read later, a step at a time
READERS = {
    *"copy count get index items keys values decode find startswith endswith split join isdisjoint issubset".split(),
    *"issuperset union difference intersection symmetric_difference most_common elements hex".split(),
    *"__len__ __contains__ __getitem__ __iter__ __eq__ __repr__ __str__".split(),
}
READING = {len, list, tuple, set, dict, frozenset, sorted, sum, min, max, any, all, str, repr, bytes, bool, print}
BINARY = {
    name: (getattr(operator, plain), getattr(operator, "i" + plain.strip("_")))
    for name, plain in dict(
        Add="add", Sub="sub", Mult="mul", Div="truediv", FloorDiv="floordiv", Mod="mod", Pow="pow", LShift="lshift",
        RShift="rshift", BitOr="or_", BitXor="xor", BitAnd="and_", MatMult="matmul",
    ).items()
}  # fmt: skip
COMPARE = {
    "Eq": operator.eq, "NotEq": operator.ne,
    "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge,
    "In": lambda item, container: item in container, "NotIn": lambda item, container: item not in container,
}  # fmt: skip
BLIND = {"exec", "eval", "compile", "globals", "locals", "vars", "breakpoint"}
PREFIX = "_lab_"


class Program:
    """A program under test: compiled once, executed anew for every run."""

    def __init__(
        self, path: Path | str, source: str | None = None, module: str = "", threads_must_end: bool = False
    ) -> None:
        """path: its file, or the name for messages where source is given. module: its __name__ (default: the file's).

        threads_must_end: a thread that is left waiting when nobody can go on is a failure.

        Raises Refused or SyntaxError.
        """
        self.path = str(path)
        self.source = Path(path).read_text(encoding="utf-8") if source is None else source
        self.name = module or Path(self.path).stem
        self.threads_must_end = threads_must_end
        self.codes = {self.path: _compile(self.source, self.path)}
        self.files = {self.path}
        self.modules = {self.name}
        self.namespaces: list[dict] = []

    call = staticmethod(lambda function, *arguments, **more: call(function, *arguments, **more))

    def execute(self, run: Run) -> dict:
        """Execute the program for a run, and return its namespace. Raises whatever it raises."""
        self.namespaces = []
        return self._execute(run, self.path, self.name)

    def _execute(self, run: Run, path: str, name: str) -> dict:
        module = types.ModuleType(name)
        namespace = vars(module)
        namespace.update(__file__=path, __builtins__={**HELPERS, "__import__": self._importer(run), **_built(run)})
        run.modules[name] = module
        self.namespaces.append(namespace)
        exec(self.codes[path], namespace)
        for value in list(namespace.values()):
            _name_all(run, value)
        return namespace

    def _importer(self, run: Run) -> Callable:
        folder = Path(self.path).parent

        def load(name: str, globals_=None, locals_=None, fromlist=(), level: int = 0) -> Any:
            module = stand_in(run, name)
            if module is None and level == 0 and "." not in name and (folder / f"{name}.py").is_file():
                module = run.modules.get(name) or self._beside(run, str(folder / f"{name}.py"), name)
            if module is None:
                return builtins.__import__(name, globals_, locals_, fromlist, level)
            if "." in name and not fromlist:
                return stand_in(run, name.partition(".")[0]) or module
            return module

        return load

    def _beside(self, run: Run, path: str, name: str) -> types.ModuleType:
        """Import another file of the program's folder in the same way."""
        if path not in self.codes:
            self.codes[path] = _compile(Path(path).read_text(encoding="utf-8"), path)
            self.files.add(path)
            self.modules.add(name)
        self._execute(run, path, name)
        return run.modules[name]

    def line(self, number: int) -> str:
        lines = self.source.splitlines()
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def program_of(function: Callable) -> Program:
    """Return the program that a function is written in: its file, or its notebook cell."""
    path = inspect.getsourcefile(function) or function.__code__.co_filename
    lines = linecache.getlines(path)
    if not lines:
        raise Refused(
            tr("the source of {name} cannot be found: write it in a file, or give `program`.", name=function.__name__)
        )
    return Program(path, "".join(lines), module="explored", threads_must_end=True)


def _compile(source: str, path: str) -> types.CodeType:
    tree = ast.parse(source, path)
    scopes = _Scopes(path)
    scopes.visit(tree)
    tree = _Rewriter(path, scopes.shared()).visit(tree)
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


def _refuse(path: str, node: ast.AST, what: str) -> None:
    raise Refused(tr("{file}, line {line}: {what}", file=Path(path).name, line=node.lineno, what=what))


# Which variables are shared


class _Scope:
    def __init__(self, node: ast.AST, parent: _Scope | None, kind: str) -> None:
        self.node, self.parent, self.kind = node, parent, kind  # kind: module, class, function, generator, inner
        self.stores: dict[str, list[tuple[ast.AST, bool]]] = {}  # name → (node, whether it is inside a loop)
        self.uses: list[ast.Name] = []
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()


class _Scopes(ast.NodeVisitor):
    """Finds the variables that another function than their own reads or writes (as `symtable` would, but by node)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.scopes: list[_Scope] = []
        self.scope: _Scope | None = None
        self.loops = 0

    def shared(self) -> dict[int, str]:
        """Return, for each Name node (by id) of a shared variable, what identifies the variable."""
        found: dict[int, tuple[_Scope, str]] = {}
        captured: dict[tuple[int, str], list[_Scope]] = {}
        rebound: set[tuple[int, str]] = set()
        for scope in self.scopes:
            for use in scope.uses:
                owner, crossed = self._owner(scope, use.id)
                found[id(use)] = owner, use.id
                if crossed:
                    captured.setdefault((id(owner), use.id), []).append(crossed)
                    if isinstance(use.ctx, (ast.Store, ast.Del)):
                        rebound.add((id(owner), use.id))
        keep: dict[tuple[int, str], str] = {}
        for (owner_id, name), users in captured.items():
            owner = next(scope for scope in self.scopes if id(scope) == owner_id)
            if owner.kind == "class":
                continue
            stores = owner.stores.get(name, [])
            late = owner.kind != "module" and any(
                node.lineno > user.node.lineno for node, _ in stores for user in users
            )
            if (owner_id, name) in rebound or len(stores) > 1 or late or any(loop for _, loop in stores):
                keep[owner_id, name] = f"{name}@{getattr(owner.node, 'lineno', 0)}"
        return {node: keep[id(owner), name] for node, (owner, name) in found.items() if (id(owner), name) in keep}

    def _owner(self, scope: _Scope, name: str) -> tuple[_Scope, _Scope | None]:
        """Return the scope that the variable belongs to, and the function that reaches out for it, if any."""
        module = self.scopes[0]
        crossed, here, first = None, scope, True
        while here is not None and here.kind != "module":
            if name in here.globals:
                return module, here
            if name in here.stores and name not in here.nonlocals and (first or here.kind != "class"):
                return here, crossed
            if here.kind in ("function", "generator"):
                crossed = here
            first = False
            here = here.parent
        return module, crossed

    def bind(self, name: str, node: ast.AST) -> None:
        scope = self.scope
        if name in scope.nonlocals or name in scope.globals:
            if not isinstance(node, (ast.Name, ast.arg)):
                _refuse(
                    self.path,
                    node,
                    tr("the explorer cannot follow how {name!r} is bound here; assign it with =", name=name),
                )
        else:
            scope.stores.setdefault(name, []).append((node, self.loops > 0))

    def inside(self, node: ast.AST, kind: str, body: Callable[[], None]) -> None:
        outer, loops = self.scope, self.loops
        self.scope, self.loops = _Scope(node, outer, kind), 0
        self.scopes.append(self.scope)
        body()
        self.scope, self.loops = outer, loops

    def all(self, nodes: Any) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Module(self, node: ast.Module) -> None:
        self.inside(node, "module", lambda: self.all(node.body))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bind(node.name, node)
        self.all(node.decorator_list)
        self.function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.function(node, [node.body])

    def function(self, node: Any, body: list) -> None:
        arguments = node.args
        self.all([*arguments.defaults, *arguments.kw_defaults])

        def inner() -> None:
            rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
            for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]:
                self.bind(argument.arg, argument)
            for part in body:  # `global` and `nonlocal` count for the whole function
                for child in ast.walk(part):
                    if isinstance(child, ast.Global):
                        self.scope.globals.update(child.names)
                    elif isinstance(child, ast.Nonlocal):
                        self.scope.nonlocals.update(child.names)
            self.all(body)

        self.inside(node, "function", inner)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name, node)
        self.all([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        self.inside(node, "class", lambda: self.all(node.body))

    def comprehension(self, node: Any, kind: str, parts: list) -> None:
        self.visit(node.generators[0].iter)

        def inner() -> None:
            for number, part in enumerate(node.generators):
                if number:
                    self.visit(part.iter)
                self.visit(part.target)
                self.all(part.ifs)
            self.all(parts)

        self.inside(node, kind, inner)

    def visit_ListComp(self, node: Any) -> None:
        self.comprehension(node, "inner", [node.elt])

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self.comprehension(node, "inner", [node.key, node.value])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self.comprehension(node, "generator", [node.elt])

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.loops += 1
        self.visit(node.target)
        self.all(node.body)
        self.loops -= 1
        self.all(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.loops += 1
        self.all(node.body)
        self.loops -= 1
        self.all(node.orelse)

    def visit_Name(self, node: ast.Name) -> None:
        self.scope.uses.append(node)
        if not isinstance(node.ctx, ast.Load):
            self.bind(node.id, node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope = self.scope
        while scope.kind in ("inner", "generator"):
            scope = scope.parent
        outer, self.scope = self.scope, scope
        self.visit(node.target)
        self.scope = outer

    def visit_Import(self, node: Any) -> None:
        for alias in node.names:
            self.bind((alias.asname or alias.name).partition(".")[0], node)

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type:
            self.visit(node.type)
        if node.name:
            self.bind(node.name, node)
        self.all(node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_MatchAs(self, node: Any) -> None:
        if node.name:
            self.bind(node.name, node)
        self.generic_visit(node)

    def visit_MatchStar(self, node: Any) -> None:
        if node.name:
            self.bind(node.name, node)

    def visit_MatchMapping(self, node: Any) -> None:
        if node.rest:
            self.bind(node.rest, node)
        self.generic_visit(node)


# The rewriting


class _Rewriter(ast.NodeTransformer):
    def __init__(self, path: str, shared: dict[int, str]) -> None:
        self.path, self.shared = path, shared
        self.classes: list[str] = []
        self.temporaries = 0

    # Small parts

    def helper(self, place: ast.AST, name: str, *arguments: Any) -> ast.Call:
        nodes = [part if isinstance(part, ast.AST) else ast.Constant(part) for part in arguments]
        return ast.copy_location(ast.Call(ast.Name(PREFIX + name, ast.Load()), nodes, []), place)

    def temporary(self) -> str:
        self.temporaries += 1
        return f"{PREFIX}{self.temporaries}"

    def private(self, attribute: str) -> str:
        """Return the attribute's name as Python knows it: __name in a class is _Class__name."""
        if self.classes and attribute.startswith("__") and not attribute.endswith("__"):
            owner = self.classes[-1].lstrip("_")
            return f"_{owner}{attribute}" if owner else attribute
        return attribute

    def keep(self, place: ast.AST, value: ast.expr) -> tuple[ast.expr, Callable[[], ast.expr]]:
        """Return an expression that is evaluated once, and what stands for its value afterwards."""
        if isinstance(value, ast.Constant):
            return value, lambda: value
        name = self.temporary()
        bound = ast.copy_location(ast.NamedExpr(ast.Name(name, ast.Store()), value), place)
        return bound, lambda: ast.copy_location(ast.Name(name, ast.Load()), place)

    def see(self, node: ast.expr) -> ast.expr:
        """A container that is read as a whole, where it is used."""
        if isinstance(node, (ast.Constant, ast.Compare, ast.JoinedStr, ast.Lambda)):
            return node
        return self.helper(node, "see", node)

    def test(self, node: ast.expr) -> ast.expr:
        """An expression whose truth is asked for (already rewritten)."""
        if isinstance(node, ast.BoolOp):
            node.values[-1] = self.test(node.values[-1])
            return node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return node
        return self.see(node)

    def index(self, node: ast.expr) -> ast.expr:
        """An index as an expression: a slice is written slice(a, b, c)."""
        if isinstance(node, ast.Slice):
            parts = [part if part is not None else ast.Constant(None) for part in (node.lower, node.upper, node.step)]
            return self.helper(node, "slice", *parts)
        if isinstance(node, ast.Tuple) and any(isinstance(part, ast.Slice) for part in node.elts):
            node.elts = [self.index(part) for part in node.elts]
        return node

    # Reads

    def visit_Name(self, node: ast.Name) -> ast.expr:
        key = self.shared.get(id(node))
        if key is None or not isinstance(node.ctx, ast.Load):
            return node
        return ast.copy_location(ast.BoolOp(ast.And(), [self.helper(node, "name", node.id, key), node]), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        node.value = self.visit(node.value)
        attribute = self.private(node.attr)
        if isinstance(node.ctx, ast.Load):
            if attribute == "__dict__":
                _refuse(self.path, node, tr("the explorer cannot follow what is done through __dict__"))
            return self.helper(node, "read", node.value, attribute)
        node.value = self.helper(node, "write", node.value, attribute)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        value, index = self.visit(node.value), self.index(self.visit(node.slice))
        if isinstance(node.ctx, ast.Load):
            return self.helper(node, "item", value, index)
        index, again = self.keep(node, index)
        node.value, node.slice = self.helper(node, "put", value, index), again()
        return node

    def visit_Slice(self, node: ast.Slice) -> ast.Slice:
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in BLIND and id(node.func) not in self.shared:
            _refuse(self.path, node, tr("the explorer cannot follow what {id}() touches", id=node.func.id))
        whole = isinstance(node.func, ast.Name) and node.func.id == "super"  # super() looks at the frame that calls it
        node.func = self.visit(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
            if keyword.arg is None:
                keyword.value = self.see(keyword.value)
        if whole:
            return node
        call = self.helper(node, "call")
        call.args, call.keywords = [node.func, *node.args], node.keywords
        return call

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        kind = type(node.ops[0]).__name__
        if len(node.ops) > 1:
            node.left, node.comparators = self.see(node.left), [self.see(part) for part in node.comparators]
        elif kind in COMPARE and not (isinstance(node.comparators[0], ast.Constant) and kind not in ("In", "NotIn")):
            return self.helper(node, "compare", kind, node.left, node.comparators[0])
        elif kind in COMPARE:
            node.left = self.see(node.left)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        plain = (ast.Constant, ast.JoinedStr)
        if isinstance(node.left, plain) and not isinstance(node.op, ast.Mod) or isinstance(node.right, plain):
            return node
        return self.helper(node, "binary", type(node.op).__name__, node.left, node.right)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        node.values = [*(self.test(value) for value in node.values[:-1]), node.values[-1]]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            node.operand = self.test(node.operand)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        self.generic_visit(node)
        node.value = self.see(node.value)
        return node

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.value = self.see(node.value)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        self.generic_visit(node)
        node.values = [value if key is not None else self.see(value) for key, value in zip(node.keys, node.values)]
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        self.generic_visit(node)
        node.value = self.helper(node, "each", node.value)
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        node.value = self.visit(node.value)
        if key := self.shared.get(id(node.target)):
            node.value = self.helper(node, "assign", node.value, node.target.id, key)
        return node

    # Writes

    def written(self, target: ast.expr) -> list[tuple[str, str]]:
        """Return (name, key) of the shared variables that a target binds."""
        names = [
            child for child in ast.walk(target) if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load)
        ]
        return [(child.id, self.shared[id(child)]) for child in names if id(child) in self.shared]

    def stored(self, value: ast.expr, targets: list[ast.expr]) -> ast.expr:
        """Return the value with what must come before it is stored."""
        names = [pair for target in targets for pair in self.written(target)]
        if not isinstance(value, ast.Tuple) and any(isinstance(target, (ast.Tuple, ast.List)) for target in targets):
            value = self.see(value)
        if not isinstance(value, ast.Constant) and not all(isinstance(target, ast.Name) for target in targets):
            value = self.helper(value, "fresh", value)
        for name, key in names:
            value = self.helper(value, "assign", value, name, key)
        return value

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        targets = node.targets
        node.value = self.stored(self.visit(node.value), targets)
        node.targets = [self.visit(target) for target in targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is not None:
            node.value = self.stored(self.visit(node.value), [node.target])
            node.target = self.visit(node.target)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        target = node.target
        if isinstance(target, ast.Name):
            key = self.shared.get(id(target))
            read: ast.expr = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            if key:
                read = ast.copy_location(ast.BoolOp(ast.And(), [self.helper(node, "name", target.id, key), read]), node)
        elif isinstance(target, ast.Attribute):
            whole, again = self.keep(node, self.visit(target.value))
            read = self.helper(target, "read", whole, self.private(target.attr))
            target.value = self.helper(target, "write", again(), self.private(target.attr))
        else:
            whole, again = self.keep(node, self.visit(target.value))
            index, index_again = self.keep(node, self.index(self.visit(target.slice)))
            read = self.helper(target, "item", whole, index)
            target.value, target.slice = self.helper(target, "put", again(), index_again()), index_again()
        value = self.helper(node, "inplace", type(node.op).__name__, read, self.visit(node.value))
        if isinstance(target, ast.Name) and key:
            value = self.helper(node, "assign", value, target.id, key)
        return ast.copy_location(ast.Assign([target], value), node)

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        before = [
            ast.copy_location(ast.Expr(self.helper(node, "assign", None, name, key)), node)
            for target in node.targets
            for name, key in self.written(target)
        ]
        node.targets = [self.visit(target) for target in node.targets]
        return [*before, node]

    # Loops, blocks, definitions

    def each(self, iterable: ast.expr, target: ast.expr) -> ast.expr:
        names = [ast.Constant(part) for pair in self.written(target) for part in pair]
        return self.helper(iterable, "each", iterable, *names)

    def visit_For(self, node: ast.For) -> ast.stmt:
        node.iter = self.each(self.visit(node.iter), node.target)
        node.target = self.visit(node.target)
        node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        if node.is_async:
            _refuse(self.path, node.target, tr("the explorer does not run async code"))
        node.iter = self.each(self.visit(node.iter), node.target)
        if not isinstance(node.target, ast.Name):
            for child in ast.walk(node.target):
                if isinstance(child, (ast.Attribute, ast.Subscript)):
                    _refuse(self.path, child, tr("the explorer cannot follow a comprehension that binds this"))
        node.ifs = [self.test(self.visit(condition)) for condition in node.ifs]
        return node

    def visit_While(self, node: ast.While) -> ast.stmt:
        node.test = self.helper(node.test, "loop", self.test(self.visit(node.test)))
        node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        return node

    def visit_If(self, node: Any) -> Any:
        self.generic_visit(node)
        node.test = self.test(node.test)
        return node

    visit_IfExp = visit_Assert = visit_If

    def visit_With(self, node: ast.With) -> ast.stmt:
        before: list[ast.stmt] = []
        for item in node.items:
            item.context_expr = self.visit(item.context_expr)
            if item.optional_vars is None:
                continue
            if names := self.written(item.optional_vars):
                name = self.temporary()
                value: ast.expr = ast.Name(name, ast.Load())
                for pair in names:
                    value = self.helper(node, "assign", value, *pair)
                before.append(ast.copy_location(ast.Assign([self.visit(item.optional_vars)], value), node))
                item.optional_vars = ast.Name(name, ast.Store())
            else:
                item.optional_vars = self.visit(item.optional_vars)
        if before and len(node.items) > 1:
            _refuse(self.path, node, tr("the explorer cannot follow several `as` here; use one `with` for each"))
        node.body = before + self.block(node.body)
        return node

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for statement in statements:
            result = self.visit(statement)
            done += result if isinstance(result, list) else [result]
        return done

    def visit_Match(self, node: Any) -> Any:
        node.subject = self.helper(node.subject, "match", self.visit(node.subject))
        for case in node.cases:  # patterns stay as they are: their dotted names are constants
            if case.guard is not None:
                case.guard = self.test(self.visit(case.guard))
            case.body = self.block(case.body)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self.defaults(node.args)
        node.body = self.block(node.body)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        self.defaults(node.args)
        node.body = self.visit(node.body)
        return node

    def defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(value) for value in arguments.defaults]
        arguments.kw_defaults = [value and self.visit(value) for value in arguments.kw_defaults]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        node.bases = [self.visit(base) for base in node.bases]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        self.classes.append(node.name)
        node.body = self.block(node.body)
        self.classes.pop()
        return node

    def visit_TypeAlias(self, node: Any) -> Any:
        return node

    def no_async(self, node: ast.AST) -> None:
        _refuse(self.path, node, tr("the explorer does not run async code"))

    visit_AsyncFunctionDef = visit_AsyncFor = visit_AsyncWith = visit_Await = no_async


# The helpers that the rewritten program calls


def _active() -> Run | None:
    run = scheduler.RUN
    return run if run is not None and run.mine() else None


def _container(run: Run, thing: Any, write: bool, what: str) -> None:
    run.point(((run.name_of(thing), write),))
    if run.events is not None:
        text = what.format(run.label(thing))
        run.note("write" if write else "read", text, thing if not write else ...)


def see(value: Any) -> Any:
    """A container is read as a whole."""
    if isinstance(value, CONTAINERS):
        if run := _active():
            _container(run, value, False, tr("reads {}"))
    elif isinstance(value, Lazy):
        value.read()
    return value


def fresh(value: Any) -> Any:
    """A container is about to be stored where others may find it: it is named by who made it."""
    if isinstance(value, CONTAINERS) and scheduler.RUN is not None:
        scheduler.RUN.name_of(value)
    return value


def _local(kind: type) -> bool:
    run = scheduler.RUN
    return run is not None and kind.__module__ in run.program.modules


def _places(run: Run, thing: Any, attribute: str) -> tuple:
    """Return where the attribute's value is kept: the object, its class; nothing for a method or a property."""
    if isinstance(thing, type):
        owners = thing.__mro__
        places: tuple = ()
    else:
        places = ((run.name_of(thing), attribute),)
        if attribute in (getattr(thing, "__dict__", None) or ()):
            return places
        owners = type(thing).__mro__
    for owner in owners:
        if attribute in vars(owner):
            value = vars(owner)[attribute]
            if isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
                return places
            if isinstance(value, (types.FunctionType, property, classmethod, staticmethod)) or hasattr(
                value, "__get__"
            ):
                return ()
            return (*places, (run.name_of(owner), attribute))
    return places


def read(thing: Any, attribute: str) -> Any:
    run = scheduler.RUN
    if run is None:
        return getattr(thing, attribute)
    kind = type(thing)
    modules = run.program.modules
    if kind.__module__ not in modules and not (isinstance(thing, type) and thing.__module__ in modules):
        return getattr(thing, attribute)
    if not run.mine():
        return getattr(thing, attribute)
    places = _places(run, thing, attribute)
    if places:
        run.point(tuple((place, False) for place in places))
        if run.events is not None:
            value = getattr(thing, attribute)
            run.note("read", tr("reads {}").format(f"{_named(thing)}.{attribute}"), value)
            return value
    else:
        run.current.switchable = True  # a property, perhaps
    return getattr(thing, attribute)


def _named(thing: Any) -> str:
    return thing.__name__ if isinstance(thing, type) else type(thing).__name__


def write(thing: Any, attribute: str) -> Any:
    """Called last before the attribute is set or deleted; returns the object."""
    run = _active()
    if run is not None and (_local(type(thing)) or isinstance(thing, type) and _local(thing)):
        places = ((run.name_of(thing), attribute),)
        run.point(((places[0], True),))
        if run.events is not None:
            run.note("write", tr("writes {}").format(f"{_named(thing)}.{attribute}"))
            run.wrote(lambda: getattr(thing, attribute, ...))
    elif scheduler.RUN is not None and not isinstance(thing, types.ModuleType):
        scheduler.RUN.name_of(thing)
    return thing


def item(thing: Any, index: Any) -> Any:
    if isinstance(thing, CONTAINERS) and (run := _active()):
        run.point(((run.name_of(thing), False),))
        if run.events is not None:
            name = run.label(thing)
            value = thing[index]
            run.note("read", tr("reads {}").format(f"{name}[{scheduler.short(index)}]"), value)
            return value
    return thing[index]


def put(thing: Any, index: Any) -> Any:
    """Called last before the item is set or deleted; returns the container."""
    if isinstance(thing, CONTAINERS) and (run := _active()):
        run.point(((run.name_of(thing), True),))
        if run.events is not None:
            run.note("write", tr("writes {}").format(f"{run.label(thing)}[{scheduler.short(index)}]"))
            run.wrote(lambda: thing)
    return thing


def name(variable: str, key: str) -> bool:
    """Called just before a shared variable is read."""
    if run := _active():
        run.point(((key, False),))
        if run.events is not None:
            run.note("read", tr("reads {}").format(variable), run.variable(variable))
    return True


def assign(value: Any, variable: str, key: str) -> Any:
    """Called last before a shared variable is bound or deleted."""
    if isinstance(value, CONTAINERS):
        fresh(value)
    if run := _active():
        run.point(((key, True),))
        if run.events is not None:
            run.note("write", tr("writes {}").format(variable), value)
    return value


def loop(condition: Any) -> Any:
    if run := _active():
        run.round()
    return condition


def compare(kind: str, left: Any, right: Any) -> Any:
    for side in (right, left):
        if isinstance(side, CONTAINERS):
            see(side)
        elif _local(type(side)) and (run := _active()):
            run.current.switchable = True  # its own __eq__, perhaps
    return COMPARE[kind](left, right)


def binary(kind: str, left: Any, right: Any) -> Any:
    for side in (left, right):
        for part in side if isinstance(side, tuple) else (side,):  # "%s and %s" % (a, b)
            see(part)
    return BINARY[kind][0](left, right)


def inplace(kind: str, left: Any, right: Any) -> Any:
    see(right)
    if isinstance(left, CONTAINERS) and (run := _active()):
        _container(run, left, True, "changes {}")
    return BINARY[kind][1](left, right)


def match(value: Any) -> Any:
    """A pattern may look at all of a container, or at all the attributes of an object."""
    see(value)
    run = _active()
    if run is not None and _local(type(value)):
        attributes = getattr(value, "__dict__", None) or getattr(type(value), "__slots__", ())
        run.point(tuple(((run.name_of(value), attribute), False) for attribute in attributes) or ((("match",), False),))
    return value


class Lazy:
    """An iterator over a container, or over another such, each of whose steps reads it."""

    def __init__(self, iterator: Iterator, sources: tuple) -> None:
        self.iterator, self.sources = iterator, sources

    def __iter__(self) -> Lazy:
        return self

    def __next__(self) -> Any:
        if run := _active():
            run.current.switchable = True
            run.point(tuple((run.name_of(source), False) for source in self.sources))
            if run.events is not None:
                run.note("read", tr("goes on through {}").format(self._labels(run)))
        return next(self.iterator)

    def read(self) -> None:
        """All the rest is read at once."""
        if run := _active():
            run.point(tuple((run.name_of(source), False) for source in self.sources))
            if run.events is not None:
                run.note("read", tr("reads {}").format(self._labels(run)))

    def _labels(self, run: Run) -> str:
        return ", ".join(run.label(source) for source in self.sources)

    def __length_hint__(self) -> int:
        return operator.length_hint(self.iterator)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.iterator, name)


class View(Lazy):
    """dict.keys(), .values() or .items(): what it shows is its dictionary's, at any time."""

    def __init__(self, view: Any, sources: tuple) -> None:
        super().__init__(view, sources)

    def __iter__(self) -> Any:
        self.read()
        return Lazy(iter(self.iterator), self.sources)

    def __next__(self) -> Any:
        return next(self.iterator)  # TypeError, as it must be

    def __len__(self) -> int:
        self.read()
        return len(self.iterator)

    def __contains__(self, wanted: Any) -> bool:
        self.read()
        return wanted in self.iterator

    def __eq__(self, other: Any) -> bool:
        return self.iterator == plain(other)

    __hash__ = None

    def __and__(self, other: Any) -> Any:
        return self.iterator & plain(other)

    def __or__(self, other: Any) -> Any:
        return self.iterator | plain(other)

    def __sub__(self, other: Any) -> Any:
        return self.iterator - plain(other)

    def __xor__(self, other: Any) -> Any:
        return self.iterator ^ plain(other)

    __rand__, __ror__ = __and__, __or__

    def __rsub__(self, other: Any) -> Any:
        return plain(other) - self.iterator

    def __reversed__(self) -> Any:
        return Lazy(reversed(self.iterator), self.sources)

    def __repr__(self) -> str:
        self.read()
        return repr(self.iterator)


def plain(value: Any) -> Any:
    """Return what a stand-in for a view or an iterator stands for."""
    return value.iterator if isinstance(value, Lazy) else value


def each(iterable: Any, *names: str) -> Any:
    """What a loop goes over: each of its steps reads the container. names: shared variables that it binds, and keys."""
    if scheduler.RUN is None:
        return iterable
    if isinstance(iterable, CONTAINERS):
        iterable = Lazy(iter(iterable), (iterable,))
    elif isinstance(iterable, View):
        iterable = iter(iterable)
    elif isinstance(iterable, types.GeneratorType):
        if run := _active():
            run.name_of(iterable)
            iterable = _Generator(iterable)
    if names:
        return _binding(iterable, names)
    return iterable


def _binding(iterable: Any, names: tuple[str, ...]) -> Iterator:
    for value in iterable:
        for variable, key in zip(names[::2], names[1::2]):
            assign(value, variable, key)
        yield value


class _Generator:
    """A generator that a loop goes through: two threads cannot do so at once."""

    def __init__(self, generator: Any) -> None:
        self.generator = generator

    def __iter__(self) -> _Generator:
        return self

    def __next__(self) -> Any:
        if run := _active():
            run.current.switchable = True
            run.point(((run.name_of(self.generator), True),))
        return next(self.generator)

    def __getattr__(self, name: str) -> Any:  # `yield from` passes send, throw and close on
        return getattr(self.generator, name)


_BUILTIN = type(len)
_PLAIN_FUNCTIONS = (types.FunctionType, types.MethodType)


def call(function: Any, /, *arguments: Any, **more: Any) -> Any:
    """Any call of the program's: one into a library reads or writes the containers that it is given."""
    run = scheduler.RUN
    if run is None or not run.mine():
        return function(*arguments, **more)
    me = run.current
    kind = type(function)
    if kind in _PLAIN_FUNCTIONS:
        if function.__module__ in run.program.modules:
            me.switchable = True  # CPython may switch where a function begins, and after every call
            for value in arguments:
                if isinstance(value, CONTAINERS):
                    run.name_of(value)
            result = function(*arguments, **more)
            me.switchable = True
            return result
        arguments, more = _given(run, function, arguments, more)
    elif kind is _BUILTIN:
        return _built_in(run, function, arguments, more)
    elif isinstance(function, type):
        if function.__module__ in run.program.modules:
            for value in arguments:
                if isinstance(value, CONTAINERS):
                    run.name_of(value)
            me.switchable = True
            result = function(*arguments, **more)
            if not isinstance(result, (int, str, bytes)):
                run.name_of(result)
            return result
        if function in LAZY:
            return _lazily(function, arguments, more)
        arguments, more = _given(run, function, arguments, more)
    elif not hasattr(kind, "__module__") or kind.__module__ not in run.program.modules:
        arguments, more = _given(run, function, arguments, more)
    result = function(*arguments, **more)
    me.switchable = True
    return result


def _built_in(run: Run, function: Any, arguments: tuple, more: dict) -> Any:
    me = run.current
    owner = function.__self__
    if isinstance(owner, CONTAINERS):
        verb = function.__name__
        writes = verb not in READERS
        accesses = [(run.name_of(owner), writes)]
        for value in arguments:
            if isinstance(value, CONTAINERS) and verb in ("extend", "update", "__ior__"):
                accesses.append((run.name_of(value), False))
            elif isinstance(value, CONTAINERS):
                run.name_of(value)
        run.point(tuple(accesses))
        arguments = tuple(plain(value) if isinstance(value, View) else value for value in arguments)
        if run.events is None:
            result = function(*arguments, **more)
        else:
            shown = ", ".join(scheduler.short(value) for value in arguments)
            run.note("write" if writes else "read", f"{run.label(owner)}.{verb}({shown})")
            result = function(*arguments, **more)
            run.wrote(lambda: owner if writes else result)
        me.switchable = True
        if verb in ("items", "keys", "values") and isinstance(owner, dict):
            return View(result, (owner,))
        return result
    if function in _ATTRIBUTE:
        return _ATTRIBUTE[function](*arguments, **more)
    if function in LAZY:
        return _lazily(function, arguments, more)
    if function is next and arguments and isinstance(arguments[0], types.GeneratorType):
        run.point(((run.name_of(arguments[0]), True),))
    elif function is not builtins.isinstance and function is not builtins.id:
        arguments, more = _given(run, function, arguments, more)
    result = function(*arguments, **more)
    me.switchable = True
    return result


def _given(run: Run, function: Any, arguments: tuple, more: dict) -> tuple[tuple, dict]:
    """A library's function reads the containers it is given, or, for all that is known, changes them."""
    values = (*arguments, *more.values()) if more else arguments
    if not any(isinstance(value, CONTAINERS) or isinstance(value, Lazy) for value in values):
        return arguments, more
    try:
        reads = function in READING
    except TypeError:
        reads = False
    module = getattr(function, "__module__", "") or ""
    reads = (
        reads or isinstance(getattr(function, "__self__", None), (str, bytes)) or module.startswith("chatlab.explorer")
    )
    for value in values:
        if isinstance(value, CONTAINERS):
            if module.startswith("chatlab.explorer"):  # Thread(args=...), the print that prints, and the like
                run.name_of(value)
            else:
                verb = getattr(function, "__name__", "a call")
                what = tr("reads {{}} in {verb}()", verb=verb) if reads else tr("changes {{}} in {verb}()", verb=verb)
                _container(run, value, not reads, what)
        elif isinstance(value, Lazy):
            value.read()
    return tuple(plain(value) for value in arguments), {key: plain(value) for key, value in more.items()}


def _lazily(function: Any, arguments: tuple, more: dict) -> Any:
    """enumerate, zip, map and the like: they read what they go over step by step."""
    sources = []
    for value in arguments:
        if isinstance(value, CONTAINERS):
            sources.append(value)
        elif isinstance(value, Lazy):
            sources += value.sources
    result = function(*(plain(value) for value in arguments), **more)
    return Lazy(result, tuple(sources)) if sources else result


def _getattr(thing: Any, attribute: str, *default: Any) -> Any:
    try:
        return read(thing, attribute)
    except AttributeError:
        if default:
            return default[0]
        raise


def _hasattr(thing: Any, attribute: str) -> bool:
    return _getattr(thing, attribute, _hasattr) is not _hasattr


def _setattr(thing: Any, attribute: str, value: Any) -> None:
    builtins.setattr(write(thing, attribute), attribute, fresh(value))


def _delattr(thing: Any, attribute: str) -> None:
    builtins.delattr(write(thing, attribute), attribute)


_ATTRIBUTE = {
    builtins.getattr: _getattr,
    builtins.hasattr: _hasattr,
    builtins.setattr: _setattr,
    builtins.delattr: _delattr,
}
HELPERS = {
    **vars(builtins),
    **{
        PREFIX + helper.__name__: helper
        for helper in (
            see, fresh, read, write, item, put, name, assign, loop, compare, binary, inplace, match, each, call, slice
        )
    },
    "print": print_,
    "input": input_,
    "open": open_,
}  # fmt: skip


class _Hashed:
    """What a class of the program's derives from where it derives from nothing: its hash is no address."""

    __slots__ = ()

    def __hash__(self) -> int:
        run = scheduler.RUN
        return run.hash_of(self) if run is not None else object.__hash__(self)


def _built(run: Run) -> dict:
    return {"__build_class__": _build_class}


def _build_class(function: Any, name: str, *bases: Any, **more: Any) -> type:
    return builtins.__build_class__(function, name, *(bases or (_Hashed,)), **more)


def _name_all(run: Run, value: Any) -> None:
    """Name what is there before the first thread, so that its name does not depend on who touches it first."""
    if isinstance(value, CONTAINERS):
        run.name_of(value)
    elif isinstance(value, types.FunctionType):
        for default in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()):
            if isinstance(default, CONTAINERS):
                run.name_of(default)
    elif isinstance(value, type) and value.__module__ in run.program.modules:
        run.name_of(value)
        for part in list(vars(value).values()):
            if isinstance(part, (*CONTAINERS, types.FunctionType)):
                _name_all(run, part)
    elif type(value).__module__ in run.program.modules:
        run.name_of(value)
