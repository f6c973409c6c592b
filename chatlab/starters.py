"""Make the starters in stages/ from the solutions.

In a solution, what the student is to write stands between two comments (nbgrader's and otter's convention):

    # BEGIN SOLUTION 2: what is to be done
    #| a line that the starter has instead (optional, as many as are needed)
    the solution's own lines
    # END SOLUTION

The starter gets `# TODO 2: what is to be done` and then the `#|` lines, or, where there are none, a
NotImplementedError that says the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .language import tr

BEGIN = re.compile(r"(?P<indent> *)# BEGIN SOLUTION (?P<number>\d+): (?P<task>.+)\n")
END = re.compile(r" *# END SOLUTION\n")
INSTEAD = re.compile(r"(?P<indent> *)#\| ?(?P<code>.*\n)")


class MarkerError(ValueError):
    """A solution's markers do not pair up; the message names the line."""


@dataclass(frozen=True)
class Gap:
    """One place that the student fills: its number within the stage and what is to be done."""

    number: int
    task: str


def make_starter(solution: str, stage: str) -> tuple[str, list[Gap]]:
    """Return the starter's text and its gaps; stage is the two digits, such as "04".

    Raises MarkerError where a region does not end, or ends without having begun.
    """
    starter: list[str] = []
    gaps: list[Gap] = []
    begin: re.Match[str] | None = None
    instead: list[str] = []
    for number, line in enumerate(solution.splitlines(keepends=True), start=1):
        if match := BEGIN.fullmatch(line):
            if begin:
                raise MarkerError(tr("line {number}: BEGIN SOLUTION inside another", number=number))
            begin, instead = match, []
        elif END.fullmatch(line):
            if not begin:
                raise MarkerError(tr("line {number}: END SOLUTION without its BEGIN", number=number))
            gap = Gap(int(begin["number"]), begin["task"])
            gaps.append(gap)
            starter.append(f"{begin['indent']}# TODO {gap.number}: {gap.task}\n")
            starter += instead or [f'{begin["indent"]}raise NotImplementedError("stage {stage}, TODO {gap.number}")\n']
            begin = None
        elif begin:
            if match := INSTEAD.fullmatch(line):
                instead.append(match["indent"] + match["code"])
        elif "SOLUTION" in line:
            raise MarkerError(
                tr("line {number}: a marker that is not understood: {value}", number=number, value=line.strip())
            )
        else:
            starter.append(line)
    if begin:
        raise MarkerError(tr("BEGIN SOLUTION {begin} has no END SOLUTION", begin=begin["number"]))
    return "".join(starter), gaps


def strip_markers(solution: str) -> str:
    """Return the solution as it reads without the markers."""
    lines = solution.splitlines(keepends=True)
    return "".join(
        line for line in lines if not (BEGIN.fullmatch(line) or END.fullmatch(line) or INSTEAD.fullmatch(line))
    )


def starters(solutions: Path) -> dict[Path, str]:
    """Return the text of every starter, by its path below stages/."""
    return {
        path.relative_to(solutions): make_starter(path.read_text(encoding="utf-8"), path.parent.name[:2])[0]
        for path in sorted(solutions.glob("[0-9][0-9]_*/*.py"))
    }


def gaps(solution_folder: Path) -> list[tuple[str, Gap]]:
    """Return the gaps of one stage, each with the name of its file, in the order of their numbers."""
    found = [
        (path.name, gap)
        for path in solution_folder.glob("*.py")
        for gap in make_starter(path.read_text(encoding="utf-8"), solution_folder.name[:2])[1]
    ]
    return sorted(found, key=lambda pair: pair[1].number)
