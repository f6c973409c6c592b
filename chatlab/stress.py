"""Run the grading suite over the solutions many times: a check that fails once in a hundred runs is a fault of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from .language import tr
from .stages import ROOT, STATE

KEPT = STATE / "stress"


def stress(runs: int, jobs: int, busy: bool) -> int:
    """Run the suite `runs` times, `jobs` at once; returns 0 when nothing has failed.

    busy: one process for each core does nothing but count meanwhile. The output of failing runs alone is kept, in
    .lab/stress.
    """
    from rich.progress import Progress

    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1 if busy else 0)
    ]
    failed: list[Path] = []
    begun = time.monotonic()
    try:
        with ThreadPoolExecutor(jobs) as pool, Progress() as progress:
            task = progress.add_task(tr("grading suite"), total=runs)
            for future in as_completed([pool.submit(_run, number) for number in range(1, runs + 1)]):
                if path := future.result():
                    failed.append(path)
                    progress.console.print(tr("failed: {path}", path=path), markup=False, highlight=False)
                progress.advance(task)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    minutes = (time.monotonic() - begun) / 60
    load = tr(", every core kept busy") if busy else ""
    print(
        tr(
            "{runs} runs, {number} failed ({minutes:.1f} minutes, {jobs} at once{load})",
            runs=runs,
            number=len(failed),
            minutes=minutes,
            jobs=jobs,
            load=load,
        )
    )
    return 1 if failed else 0


def _run(number: int) -> Path | None:
    """Run the suite once; returns where its output is kept when something failed."""
    command = [sys.executable, "-m", "pytest", "tests/stages", "-q", "--no-header", "-p", "no:cacheprovider"]
    result = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
    )
    if result.returncode == 0:
        return None
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"run-{time.strftime('%Y%m%d-%H%M%S')}-{number}.txt"
    path.write_text(result.stdout + result.stderr, encoding="utf-8")
    return path
