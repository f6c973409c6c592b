"""Tests of the lab itself: what takes long runs in the background, a few at once.

A module whose tests use the fixture `outcome` has a function `in_background`, which is given the test's parameters; the
test gets what it returns. Most of the time of a stage's checks is waiting, so that this costs the other tests little.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

AT_ONCE = 6
OUTCOME = pytest.StashKey[Future]()


@pytest.fixture(scope="session", autouse=True)
def background(request):
    """Start it all with the first test of this folder; not before: the grading tests count this process's files."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for item in request.session.items:
            if "outcome" in getattr(item, "fixturenames", ()):
                item.stash[OUTCOME] = pool.submit(item.module.in_background, **item.callspec.params)
        yield
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(request):
    """What this test's work in the background has come to."""
    return request.node.stash[OUTCOME].result()
