"""The student's files: where they are, and how a server is imported afresh."""

from __future__ import annotations

import ast
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from ..language import tr
from .report import Cause, CheckFailed

NO_FILE = "There is no {file} in {folder}. Put it back with: python3 lab.py reset {number}"

FUNCTIONS = {"server.py": ("serve", "serve(listener)"), "client.py": ("chat", "chat(connection, keyboard, screen)")}


def load(path: Path) -> ModuleType:
    """Import the file as a new module: nothing is left over from an earlier check.

    Raises CheckFailed with a cause where the file is missing, does not compile, raises, or ends the program.
    """
    if not path.is_file():
        text = NO_FILE.format(file=path.name, folder=path.parent.name, number=int(path.parent.name[:2] or 0))
        raise _failed(Cause("no-file", text))
    if line := _call_at_import(path):
        text = tr("{name} calls main() while it is imported (line {line}).", name=path.name, line=line)
        text += tr(' Put the call below: if __name__ == "__main__":')
        raise _failed(Cause("runs-at-import", text))
    folder = str(path.parent)
    _forget(folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, folder)
    written = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f"{Path(error.filename or path.name).name}, line {error.lineno}"
        text = tr("Python cannot read {where}: {msg}.{error}", where=where, msg=error.msg, error=_pointer(error))
        raise _failed(Cause("syntax", text)) from None
    except SystemExit:
        text = tr(
            "{name} ends the program while it is imported{path}. Call sys.exit in main() alone.",
            name=path.name,
            path=_line_of(path),
        )
        raise _failed(Cause("exit-at-import", text)) from None
    except Exception as error:
        text = tr(
            "{name} fails while it is imported{path}: {name2}: {error}",
            name=path.name,
            path=_line_of(path),
            name2=type(error).__name__,
            error=error,
        )
        raise _failed(Cause("import-error", text)) from None
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(folder)
    return module


def load_function(path: Path):
    """Return the `serve` of a server.py or the `chat` of a client.py.

    Raises CheckFailed as load does, or where there is none.
    """
    name, signature = FUNCTIONS[path.name]
    function = getattr(load(path), name, None)
    if not callable(function):
        raise _failed(
            Cause(
                f"no-{name}",
                tr("{name} has no function `{signature}`: the checks call it.", name=path.name, signature=signature),
            )
        )
    return function


def _call_at_import(path: Path) -> int:
    """Return the line of a bare `main()` or `serve(...)` at the top level of the file; 0 where there is none."""
    try:
        body = ast.parse(path.read_bytes()).body
    except (SyntaxError, ValueError):
        return 0  # the import will tell
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            if node.value.func.id in ("main", "serve", "chat"):
                return node.lineno
    return 0


def _forget(folder: str) -> None:
    """Drop modules that an earlier check imported from this folder."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(folder):
            del sys.modules[name]


def _failed(cause: Cause) -> CheckFailed:
    return CheckFailed("", cause, [], [])


def _pointer(error: SyntaxError) -> str:
    if not error.text:
        return ""
    text = error.text.rstrip("\n")
    return f"\n  {text.lstrip()}\n  {' ' * max(0, (error.offset or 1) - 1 - (len(text) - len(text.lstrip())))}^"


def _line_of(path: Path) -> str:
    frames = [frame for frame in traceback.extract_tb(sys.exc_info()[2]) if Path(frame.filename) == path]
    return f" (line {frames[-1].lineno}: {frames[-1].line})" if frames else ""
