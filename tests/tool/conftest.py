"""Fixtures for tests of the lab itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

AT_ONCE = 6  # child processes; most of a check's time is waiting


@pytest.fixture(scope="session")
def pool():
    """Runs what takes long a few at once, so that the tests need only wait for what they asked for."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)
