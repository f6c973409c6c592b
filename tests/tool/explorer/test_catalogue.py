"""The catalogue: every bug is found for what it is, no twin is accused, and no reduction changes a verdict."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from chatlab.explorer import explore
from chatlab.explorer.search import component

FOLDER = Path(__file__).parent / "catalogue"
NAMES = sorted(path.stem for path in (FOLDER / "bugs").glob("*.py"))
# A generator that nobody finishes is closed when the run is over, and its lock is let go of then.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
# Without reductions a bound of 2 takes most of a minute: LAB_BOUND=2 asks for it, as docs/explorer.md has it.
BOUND = int(os.environ.get("LAB_BOUND", "1"))


def verdict_of(kind: str, name: str, **options):
    return explore(*component(FOLDER / kind / f"{name}.py"), **options)


def header(name: str) -> dict[str, str]:
    source = (FOLDER / "bugs" / f"{name}.py").read_text(encoding="utf-8")
    return dict(re.findall(r"^# (fails|today): (.+)$", source, re.M))


@pytest.mark.parametrize("name", NAMES)
def test_bug(name):
    verdict = verdict_of("bugs", name)
    assert not verdict.holds
    assert verdict.failure.kind == header(name)["fails"], verdict.timeline()
    assert ("yes" if verdict.possible else "no") == header(name)["today"], verdict.timeline()


@pytest.mark.parametrize("name", NAMES)
def test_twin(name):
    verdict = verdict_of("twins", name)
    assert verdict.holds and verdict.exhausted, verdict.timeline()


@pytest.mark.parametrize("kind", ["bugs", "twins"])
@pytest.mark.parametrize("name", NAMES)
def test_without_reductions(name, kind):
    plain = verdict_of(kind, name, preemptions=BOUND, reduce=False, cache=False, most=200_000)
    reduced = verdict_of(kind, name, preemptions=BOUND)
    assert plain.exhausted or not plain.holds
    assert (plain.holds, plain.key, plain.possible) == (reduced.holds, reduced.key, reduced.possible)


def test_there_are_enough():
    assert len(NAMES) >= 40
    assert NAMES == sorted(path.stem for path in (FOLDER / "twins").glob("*.py"))
