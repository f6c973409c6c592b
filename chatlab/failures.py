"""The mistakes in tests/mistakes and what the lab says to each: docs/failures.md, written by `lab failures`.

A mistake is a wrong server.py or client.py; below its docstring it says

    # file: server.py
    # fails: not_the_sender
    # cause: echoed

A variant, in tests/variants, is a right one built otherwise, and says only its file. Each stands in for that file of
the stage's solution.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .checks.plugin import Result
from .checks.runner import run_stage
from .stages import ROOT, load_stages

PAGE = ROOT / "docs" / "failures.md"
HEADER = re.compile(r"^# (file|fails|cause): (.+)$", re.M)
INTRODUCTION = """# What the lab says to each mistake

Every program in `tests/mistakes` is what a beginner writes, and each must be told its true cause in the first sentence,
in at most 25 lines, without the answer. This page is written by `python3 lab.py failures`, and the tests compare what
is said first, up to the first blank line, with it; the transcript below is one run's.
"""


@dataclass(frozen=True)
class Program:
    """A mistake or a variant: a file that stands in for one of a solution's."""

    path: Path

    @property
    def stage(self) -> int:
        return int(self.path.parent.name[:2])

    @property
    def header(self) -> dict[str, str]:
        return dict(HEADER.findall(self.path.read_text(encoding="utf-8")))

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def summary(self) -> str:
        """What is wrong with it, or otherwise: the first paragraph of its docstring."""
        doc = ast.get_docstring(ast.parse(self.path.read_text(encoding="utf-8"))) or ""
        return " ".join(doc.split("\n\n")[0].split())

    def check(self, folder: Path, fail_fast: bool) -> list[Result]:
        """Check the solution with this file in place of its own, in the given new folder."""
        work = folder / "work"
        shutil.copytree(ROOT / "solutions" / self.path.parent.name, work / self.path.parent.name)
        shutil.copyfile(self.path, work / self.path.parent.name / self.header["file"])
        return list(run_stage(self.stage, work, fail_fast=fail_fast))


def programs(kind: str) -> list[Program]:
    """Return the "mistakes" or the "variants", in the order of the stages."""
    return [Program(path) for path in sorted((ROOT / "tests" / kind).glob("[0-9][0-9]_*/*.py"))]


def stable(lines: list[str]) -> str:
    """Return what is said up to the first blank line, without what may differ from run to run: who, what, how many."""
    first = lines[: lines.index("")] if "" in lines else lines
    text = " ".join(line.strip() for line in first)
    text = re.sub(r"(BrokenPipe|ConnectionReset)Error: \[Errno \d+\] [A-Z][a-z ]+", "ConnectionError ", text)
    text = re.sub(r"\b(\w+Error): [^:]+(?= \w+\.py, )", r"\1", text)  # in Python's words, which change
    text = re.sub(r'"[^"]+"', '"..."', re.sub(r"\b(ann|bob|eve|max|zoe)\b", "PEER", text))
    return re.sub(r"\d[\d,]*", "N", text)


def said(page: str) -> dict[str, str]:
    """Return the stable text of each mistake's section."""
    sections = re.findall(r"^### (\S+)\n.*?^```text\n(.*?)^```$", page, re.M | re.S)
    return {name: stable(text.splitlines()) for name, text in sections}


def sections(workers: int) -> Iterator[tuple[Program, Result | None]]:
    """Run every mistake, several at once, and yield each with its first failure, in their order."""

    def first_failure(program: Program) -> Result | None:
        with tempfile.TemporaryDirectory() as folder:
            results = program.check(Path(folder), fail_fast=True)
        return next((result for result in results if result.status == "failed"), None)

    mistakes = programs("mistakes")
    with ThreadPoolExecutor(workers) as pool:
        yield from zip(mistakes, pool.map(first_failure, mistakes))


def write(workers: int) -> Iterator[str]:
    """Write docs/failures.md anew; yields the name of each mistake as it is done, and tells those that fail nowhere."""
    parts = [INTRODUCTION]
    titles = {stage.number: str(stage) for stage in load_stages()}
    stage = 0
    for program, failure in sections(workers):
        yield program.name if failure else f"{program.name}: nothing fails"
        if program.stage != stage:
            stage = program.stage
            parts.append(f"\n## {titles[stage]}\n")
        if failure:
            lines = "\n".join(failure.lines)
            parts.append(f"\n### {program.name}\n\n{program.summary} Fails `{failure.name}`: {failure.cause}.\n")
            parts.append(f"\n```text\n{lines}\n```\n")
    PAGE.write_text("".join(parts), encoding="utf-8", newline="\n")
