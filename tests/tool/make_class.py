"""Make a class to try the grading on: python tests/tool/make_class.py FOLDER COUNT

Each submission, s001 and on, is a folder, a zip or a tar.gz with the first stages, up to all of them: a solution, or a
variant in its place, or one of the mistakes, each in turn.
"""

from __future__ import annotations

import itertools
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*"))
FILE = re.compile(r"^# file: (.+)$", re.M)
KINDS = ("folder", "zip", "gztar")


def programs(kind: str) -> list[Path]:
    return sorted((ROOT / "tests" / kind).glob("[0-9][0-9]_*/*.py"))


def make_class(folder: Path, count: int, stages: int = len(SOLUTIONS)) -> None:
    """Write so many submissions into a new folder, of these first stages at most."""
    others = [
        path for kind in ("mistakes", "variants") for path in programs(kind) if int(path.parent.name[:2]) <= stages
    ]
    turn = itertools.cycle(sorted(others, key=lambda path: (path.stem, path.parent.name)))
    for number in range(1, count + 1):
        name = f"s{number:03}"
        other = next(turn)
        reached = max(int(other.parent.name[:2]), (number - 1) % stages + 1)
        work = folder / name
        for solution in SOLUTIONS[:reached]:
            shutil.copytree(solution, work / solution.name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(other, work / other.parent.name / FILE.search(other.read_text(encoding="utf-8"))[1])
        if (kind := KINDS[number % 3]) != "folder":
            shutil.make_archive(str(work), kind, folder, name)
            shutil.rmtree(work)


if __name__ == "__main__":
    make_class(Path(sys.argv[1]), int(sys.argv[2]))
