"""The student's files: where they are, and how a server is imported afresh."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from .report import Cause, CheckFailed

NO_FILE = "There is no {file} in {folder}. Put it back with: python3 lab.py reset {number}"


def load(path: Path) -> ModuleType:
    """Import the file as a new module: nothing is left over from an earlier check.

    Raises CheckFailed with a cause where the file is missing, does not compile, raises, or ends the program.
    """
    if not path.is_file():
        text = NO_FILE.format(file=path.name, folder=path.parent.name, number=int(path.parent.name[:2] or 0))
        raise _failed(Cause("no-file", text))
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
        text = f"Python cannot read {where}: {error.msg}.{_pointer(error)}"
        raise _failed(Cause("syntax", text)) from None
    except SystemExit:
        text = f"{path.name} ends the program while it is imported{_line_of(path)}. Call sys.exit in main() alone."
        raise _failed(Cause("exit-at-import", text)) from None
    except Exception as error:
        text = f"{path.name} fails while it is imported{_line_of(path)}: {type(error).__name__}: {error}"
        raise _failed(Cause("import-error", text)) from None
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(folder)
    return module


def load_serve(path: Path):
    """Return the `serve` of a server.py; raises CheckFailed as load does, or where there is none."""
    module = load(path)
    serve = getattr(module, "serve", None)
    if not callable(serve):
        raise _failed(Cause("no-serve", f"{path.name} has no function `serve(listener)`: every check calls it."))
    return serve


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
