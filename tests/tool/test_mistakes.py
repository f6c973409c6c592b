"""The lab checks its checks: every mistake fails where it says, for the cause it names; every variant passes all."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatlab.checks.plugin import Result
from chatlab.failures import PAGE, Program, programs, said, stable

MISTAKES, VARIANTS = programs("mistakes"), programs("variants")
SAID = said(PAGE.read_text(encoding="utf-8"))


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
    assert stable(first.lines) == SAID.get(program.name), "docs/failures.md says otherwise: lab failures writes it anew"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", VARIANTS, ids=lambda program: program.name)
def test_variant(program, outcome):
    wrong = [result for result in outcome if result.status == "failed"]
    assert not wrong, f"{wrong[0].name} fails:\n" + "\n".join(wrong[0].lines)
    assert any(result.status == "passed" for result in outcome)


def test_the_page_of_failures_has_every_mistake():
    assert list(SAID) == [program.name for program in MISTAKES]
