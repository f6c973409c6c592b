"""The harness: what the grading tests in tests/stages are written with.

A grading test reads as a script:

    @check(points=2, needs="welcome")
    def test_not_the_sender(server):
        '''The sender does not hear itself.'''
        ann, bob = server.join("ann", "bob")
        ann.says("hello")
        bob.hears("client 1: hello")
        ann.hears_nothing()
"""

from __future__ import annotations

from collections.abc import Callable

import pytest


def check(points: int = 1, needs: str | None = None, until: int | None = None) -> Callable:
    """Mark a test function as a check of the stage that its file is named after.

    points: what it is worth in its own stage. needs: the name of a check of the same file; where that one has not
    passed, this one is not run. until: the last stage that the check still applies to (default: its own alone); there
    it guards against losing what an earlier stage has won, for no points.
    """
    return pytest.mark.check(points=points, needs=needs, until=until)
