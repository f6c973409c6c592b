"""Print how the catalogue fares with the explorer, with frontrun, and with plain runs of real threads.

    python tests/tool/explorer/compare.py [-j N] [--write docs/explorer.md]

Needs the extra `dev` for frontrun. Each program runs with each tool in a process of its own, with a limit.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = Path(__file__).with_name("catalogue")
sys.path.insert(0, str(ROOT))
LIMIT = 30  # seconds of a process
BUDGET = 10.0  # seconds that frontrun is given
RUNS = 10_000  # of real threads
HANG = 2.0  # seconds after which real threads are taken to hang
TOOLS = {
    "explorer, 1 preemption": "bound1",
    "explorer, 2 preemptions": "bound2",
    "frontrun, DPOR": "dpor",
    "frontrun, random, 200 runs": "random",
    "real threads, 10,000 runs": "stress",
}


def load(path: Path):
    spec = importlib.util.spec_from_file_location("explored", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["explored"] = module
    spec.loader.exec_module(module)
    return module


def explorer(path: Path, bound: int) -> dict:
    from chatlab.explorer import explore
    from chatlab.explorer.search import component

    verdict = explore(*component(path), bound)
    outcome = "fails" if not verdict.holds else "holds" if verdict.exhausted else "inconclusive"
    return {"outcome": outcome, "schedules": verdict.schedules, "seconds": verdict.seconds}


def frontrun(path: Path, strategy: str) -> dict:
    import frontrun

    module = load(path)

    def invariant(thing) -> bool:
        try:
            return module.check(thing) is not False
        except AssertionError:
            return False

    options = {"max_attempts": 200, "seed": 1} if strategy == "random" else {}
    try:
        result = frontrun.explore(
            module.setup, module.WORKERS, invariant, strategy=strategy, total_timeout=BUDGET, timeout_per_run=1.0,
            deadlock_timeout=1.0, reproduce_on_failure=0, **options,
        )  # fmt: skip
    except BaseException as error:  # how it tells of an exception in a thread
        return {"outcome": "fails", "told": type(error).__name__}
    held = getattr(result, "property_holds", None)
    return {"outcome": {True: "holds", False: "fails"}.get(held, "inconclusive")}


def stress(path: Path) -> dict:
    module = load(path)
    errors: list[BaseException] = []
    threading.excepthook = lambda arguments: errors.append(arguments.exc_value)
    deadline = time.monotonic() + LIMIT - 5
    for number in range(RUNS):
        if time.monotonic() > deadline:
            return {"outcome": "holds", "runs": number}
        thing = module.setup()
        threads = [threading.Thread(target=worker, args=(thing,), daemon=True) for worker in module.WORKERS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG)
            if thread.is_alive():
                return {"outcome": "fails", "runs": number + 1}
        try:
            wrong = errors or module.check(thing) is False
        except AssertionError:
            wrong = True
        if wrong:
            return {"outcome": "fails", "runs": number + 1}
    return {"outcome": "holds", "runs": RUNS}


def one(tool: str, path: Path) -> dict:
    if tool.startswith("bound"):
        return explorer(path, int(tool[5:]))
    return stress(path) if tool == "stress" else frontrun(path, tool)


def in_a_process(tool: str, path: Path) -> dict:
    wrapper = [str(Path(sys.executable).with_name("frontrun"))] if tool in ("dpor", "random") else []
    try:
        done = subprocess.run(
            [*wrapper, sys.executable, __file__, "--one", tool, str(path)],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return json.loads(done.stdout.strip().split("\n")[-1])
    except subprocess.TimeoutExpired:
        return {"outcome": "inconclusive"}
    except (json.JSONDecodeError, IndexError):
        return {"outcome": "inconclusive", "told": done.stderr[-200:]}


def table(jobs: int) -> str:
    bugs, twins = (sorted((CATALOGUE / kind).glob("*.py")) for kind in ("bugs", "twins"))
    rows = [
        f"| tool | of {len(bugs)} bugs found | of {len(twins)} twins held, accused, inconclusive |",
        "|---|---|---|",
    ]
    for name, tool in TOOLS.items():
        with ThreadPoolExecutor(jobs) as pool:
            found = list(pool.map(lambda path: in_a_process(tool, path), bugs))
            held = list(pool.map(lambda path: in_a_process(tool, path), twins))
        count = lambda results, outcome: sum(result["outcome"] == outcome for result in results)
        unsure = count(found, "inconclusive")
        rows.append(
            f"| {name} | {count(found, 'fails')}{f', and {unsure} inconclusive' if unsure else ''} | "
            f"{count(held, 'holds')}, {count(held, 'fails')}, {count(held, 'inconclusive')} |"
        )
        print(rows[-1], flush=True)
        if tool == "bound2":
            speed = [result["schedules"] / result["seconds"] for result in held]
            speed = f"On the twins the explorer tries {statistics.median(speed):,.0f} schedules a CPU-second (median)."
    where = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    how = (
        f"Measured by `tests/tool/explorer/compare.py` in one run, on {where}. A tool has found a bug when it tells "
        f"of any failure; frontrun had {BUDGET:.0f} s for each program, real threads {LIMIT - 5} s or {RUNS:,} runs."
    )
    return "\n".join([*rows, "", speed, how])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--write", type=Path, help="put the table into this file, under its heading")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one[0], Path(options.one[1]))), flush=True)
        sys.stdout.flush()
        import os

        os._exit(0)  # threads that hang are left behind
    text = table(options.jobs)
    print(text)
    if options.write:
        heading = "## How it fares\n"
        page = options.write.read_text(encoding="utf-8").split(heading)[0].rstrip() + f"\n\n{heading}\n{text}\n"
        options.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
