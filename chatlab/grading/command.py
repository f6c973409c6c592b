"""The commands `lab grade` and `lab gradescope`."""

from __future__ import annotations

import argparse
import io
import os
import re
import stat
import sys
import zipfile
from pathlib import Path

from ..language import cannot_write, tr
from ..stages import load_stages

ROOT = Path(__file__).resolve().parents[2]
VISIBILITY = ("hidden", "visible", "after_due_date", "after_published")


def add_grade_arguments(grade: argparse.ArgumentParser) -> None:
    grade.add_argument(
        "submissions", type=Path, metavar=tr("SUBMISSIONS"), help=tr("folder with a folder, zip or tar.gz of each")
    )
    grade.add_argument("--out", type=Path, required=True, metavar=tr("REPORT"), help=tr("folder for the reports"))
    grade.add_argument("--one", action="store_true", help=tr("SUBMISSIONS is a single submission itself"))
    grade.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help=tr("how many at once"))
    grade.add_argument("--resume", action="store_true", help=tr("keep the grades that an interrupted run has written"))
    grade.add_argument("--runs", type=int, default=1, metavar="N", help=tr("grade each N times; report what differs"))
    grade.add_argument("--cluster", metavar="tcp://HOST:PORT", help=tr("grade on the workers of this Dask scheduler"))
    add_choice(grade)


def add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stages", metavar="3-6", help=tr("grade these stages (default: all): 4, 1-5, 3,5,7-9"))
    parser.add_argument("--carried", action="store_true", help=tr("run the checks of earlier stages on later ones too"))
    parser.add_argument(
        "--extra", type=Path, metavar=tr("DIR"), help=tr("folder with checks of your own: test_NN_name.py")
    )
    parser.add_argument("--visibility", choices=VISIBILITY, default="hidden", help=tr("who sees the extra checks"))


def grade(options: argparse.Namespace) -> int:
    """Grade a class; status 0 when every submission was graded, whatever its grade."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from . import grade as grading
    from .reports import write_all
    from .submissions import Submission, find

    stages = chosen_stages(options.stages)
    if options.one:
        if not options.submissions.exists():
            raise ValueError(
                tr(
                    "There is no {submissions}: give a submission, a folder, zip or tar.gz.",
                    submissions=options.submissions,
                )
            )
        found = [Submission(options.submissions.resolve().name, options.submissions)]
    else:
        found = find(options.submissions)
    if options.runs < 1 or options.jobs < 1:
        raise ValueError(tr("--runs and --jobs are numbers from 1 up."))
    hide = (options.submissions, options.out, *([options.extra] if options.extra else []))
    how = grading.Options(
        stages=tuple(stages),
        runs=options.runs,
        carried=options.carried,
        extra=read_extra(options.extra),
        visibility=options.visibility,
        hide=tuple(str(path.resolve()) for path in hide if path.is_dir() or path == options.out),
    )
    records = []
    console = Console(stderr=True)
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        with (
            grading.executor_for(options.jobs, options.cluster) as executor,
            Progress(*columns, console=console) as progress,
        ):
            task = progress.add_task(tr("grading"), total=len(found))
            for record in grading.grade(found, options.out / "records", how, executor, options.resume):
                records.append(record)
                told = f"{tr('grading')}: {record.file_name} {record.earned}/{record.most}"
                progress.update(task, advance=1, description=told)
        write_all(records, stages, options.out, f"chatlab, {_spoken(stages)}")
    except KeyboardInterrupt:
        told = tr(
            "Interrupted: {number} of {all} submissions are graded, and kept. Go on with --resume.",
            number=len(records),
            all=len(found),
        )
        print(told, file=sys.stderr)
        return 130
    except OSError as error:
        raise ValueError(cannot_write(options.out, error)) from None
    for record in records:
        if record.notes and (record.earned == 0 or len(found) <= 20):
            console.print(f"{record.name}: {' '.join(record.notes)}", markup=False, highlight=False)
    shaky = sum(bool(record.unstable) for record in records)
    if shaky:
        console.print(
            tr("{shaky} submissions have a check that is not the same in every run: see the page.", shaky=shaky)
        )
    print(options.out / "index.html")
    return 0


def chosen_stages(text: str | None) -> list[int]:
    """Return the numbers in a text such as "3-6" or "1,4"; all for None. Raises ValueError with what to write."""
    there = [stage.number for stage in load_stages()]
    if text is None:
        return there
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if not match:
            raise ValueError(tr("--stages {text!r} is no list of stages: write 4, or 3-6, or 1,3,5-7.", text=text))
        numbers.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    if not numbers or numbers - set(there):
        raise ValueError(
            tr("--stages {text!r} is outside of {there} to {there2}.", text=text, there=there[0], there2=there[-1])
        )
    return sorted(numbers)


def read_extra(folder: Path | None) -> tuple[tuple[str, str], ...]:
    """Return the names and texts of the instructor's own tests. Raises ValueError where there are none."""
    if folder is None:
        return ()
    found = sorted(folder.glob("test_[0-9][0-9]_*.py")) if folder.is_dir() else []
    if not found:
        raise ValueError(
            tr("{folder} holds no checks: name the files like test_05_mine.py, 05 for the stage.", folder=folder)
        )
    return tuple((path.name, path.read_text(encoding="utf-8")) for path in found)


def _spoken(stages: list[int]) -> str:
    if len(stages) == 1:
        return tr("stage {number}", number=stages[0])
    if stages == list(range(stages[0], stages[-1] + 1)):
        return tr("stages {first} to {last}", first=stages[0], last=stages[-1])
    return tr("stages {numbers}", numbers=", ".join(map(str, stages)))


# Gradescope

SETUP = """#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder's image.
set -e
apt-get update
apt-get install -y python3 python3-venv util-linux
cd /autograder/source
python3 lab.py grade --help
"""
RUN = """#!/usr/bin/env bash
# Gradescope runs this for each submission; what it prints is shown to instructors alone.
cd "$(dirname "${{BASH_SOURCE[0]}}")"
report=$(mktemp -d)
python3 source/lab.py grade submission --one --out "$report"{arguments}
mkdir -p results
if ! cp "$report"/students/submission*/results.json results/results.json; then
  echo '{{"score": 0, "output": "The autograder itself failed: please tell your instructor."}}' > results/results.json
fi
rm -rf "$report"
"""
TAKEN = ("lab.py", "pyproject.toml", "README.md", "LICENSE", "chatlab", "stages", "tests/conftest.py", "tests/stages")


def gradescope(options: argparse.Namespace) -> int:
    """Write the zip of an autograder: the lab without its solutions, setup.sh and run_autograder."""
    stages = chosen_stages(options.stages)
    extra = read_extra(options.extra)
    arguments = f" --stages {','.join(map(str, stages))}" + (" --carried" if options.carried else "")
    arguments += f" --extra source/extra --visibility {options.visibility}" if extra else ""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN.format(arguments=arguments))):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, text)
        for taken in TAKEN:
            path = ROOT / taken
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.write(file, file.relative_to(ROOT).as_posix())
        for name, text in extra:
            archive.writestr(f"extra/{name}", text)
    try:
        options.out.write_bytes(packed.getvalue())
    except OSError as error:
        raise ValueError(tr("{out} cannot be written: {strerror}", out=options.out, strerror=error.strerror)) from None
    print(tr("{out}: upload it as the autograder of a programming assignment.", out=options.out))
    return 0
