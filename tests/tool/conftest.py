"""Tests of the lab itself: what takes long runs in the background, a few at once, from the beginning of the run.

A module whose tests use the fixture `outcome` has a function `in_background`, which is given the test's parameters; the
test gets what it returns. It runs in a process of its own: the grading tests count the files that theirs has open.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Future, ProcessPoolExecutor

import pytest

AT_ONCE = 6  # most of a check's time is waiting
OUTCOME = pytest.StashKey[Future]()
POOL = pytest.StashKey[ProcessPoolExecutor]()


def pytest_collection_finish(session: pytest.Session) -> None:
    items = [item for item in session.items if "outcome" in getattr(item, "fixturenames", ())]
    if not items or session.config.option.collectonly:
        return
    pool = session.config.stash[POOL] = ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("spawn"))
    for item in items:
        item.stash[OUTCOME] = pool.submit(item.module.in_background, **item.callspec.params)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if pool := session.config.stash.get(POOL, None):
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(request):
    """What this test's work in the background has come to."""
    return request.node.stash[OUTCOME].result()
