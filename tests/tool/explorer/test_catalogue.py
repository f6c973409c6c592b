"""The catalogue: every bug is found for what it is, no twin is accused, and no reduction changes a verdict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatlab.explorer import explore
from chatlab.explorer.search import component

FOLDER = Path(__file__).parent / "catalogue"
NAMES = sorted(path.stem for path in (FOLDER / "bugs").glob("*.py"))
# A generator that nobody finishes is closed when the run is over, and its lock is let go of then.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MOST = 200_000  # schedules, where nothing is left out


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


@pytest.mark.parametrize("name", NAMES)
def test_without_reductions(name):
    bug = verdict_of("bugs", name, reduce=False, cache=False, most=MOST)
    assert bug.failure and bug.failure.kind == header(name)["fails"]
    twin = verdict_of("twins", name, reduce=False, cache=False, most=MOST)
    assert twin.holds and twin.exhausted, twin.timeline()


def test_there_are_enough():
    assert len(NAMES) >= 40
    assert NAMES == sorted(path.stem for path in (FOLDER / "twins").glob("*.py"))
