"""The lab checks its checks: every mistake fails where it says, for the cause it names; every variant passes all.

A mistake is a wrong server.py or client.py in tests/mistakes/NN_name/; below its docstring it says

    # file: server.py
    # fails: not_the_sender
    # cause: echoed

A variant, in tests/variants/NN_name/, is a right one built otherwise, and says only its file. Each stands in for that
file of the stage's solution.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.checks.plugin import Result
from chatlab.checks.runner import run_stage

ROOT = Path(__file__).resolve().parents[2]
HEADER = re.compile(r"^# (file|fails|cause): (.+)$", re.M)


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

    def check(self, folder: Path, fail_fast: bool) -> list[Result]:
        """Check the solution with this file in place of its own, in the given new folder."""
        work = folder / "work"
        shutil.copytree(ROOT / "solutions" / self.path.parent.name, work / self.path.parent.name)
        shutil.copyfile(self.path, work / self.path.parent.name / self.header["file"])
        return list(run_stage(self.stage, work, fail_fast=fail_fast))


def programs(kind: str) -> list[Program]:
    return [Program(path) for path in sorted((ROOT / "tests" / kind).glob("[0-9][0-9]_*/*.py"))]


MISTAKES, VARIANTS = programs("mistakes"), programs("variants")


@pytest.fixture
def outcome(program: Program, tmp_path: Path) -> list[Result]:
    return program.check(tmp_path, fail_fast=program in MISTAKES)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", MISTAKES, ids=lambda program: program.name)
def test_mistake(program, outcome):
    failed = [result for result in outcome if result.status == "failed"]
    assert failed, f"nothing fails; it should fail {program.header['fails']}"
    first = failed[0]
    told = "\n".join(first.lines)
    assert (first.name, first.cause) == (program.header["fails"], program.header["cause"]), told
    assert 0 < len(first.lines) <= 25, f"a message of {len(first.lines)} lines:\n{told}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", VARIANTS, ids=lambda program: program.name)
def test_variant(program, outcome):
    wrong = [result for result in outcome if result.status == "failed"]
    assert not wrong, f"{wrong[0].name} fails:\n" + "\n".join(wrong[0].lines)
    assert any(result.status == "passed" for result in outcome)
