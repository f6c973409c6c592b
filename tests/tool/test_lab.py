"""The lab checks itself: starters, hints, READMEs and points agree with the solutions and the checks."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from chatlab.checks.plugin import home_stage
from chatlab.checks.runner import run_stage
from chatlab.stages import FILES, ROOT, SOLUTIONS, WORK, load_stages
from chatlab.starters import MarkerError, gaps, make_starter, starters

STAGES = load_stages()
each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.folder)
HEADINGS = [
    *("The idea", "Your task", "On the wire", "What you may still ignore", "Steps", "Try it by hand", "Read"),
    "Think about it",
]
ALLOWED = set(sys.stdlib_module_names) - {"asyncio", "selectors", "select", "socketserver", "multiprocessing"}


def test_stages_and_solutions_are_the_same_list():
    assert [stage.folder for stage in STAGES] == sorted(path.name for path in SOLUTIONS.iterdir() if path.is_dir())
    assert [stage.number for stage in STAGES] == list(range(1, len(STAGES) + 1))


def test_starters_are_up_to_date():
    for path, text in starters(SOLUTIONS).items():
        assert (WORK / path).read_text(encoding="utf-8") == text, f"stages/{path}: run `lab starters`"


@pytest.mark.timeout(300)
@each_stage
def test_starter_imports_and_fails_its_own_stage(stage):
    last = list(run_stage(stage.number, WORK, fail_fast=True))[-1]
    assert last.status == "failed" and last.home == stage.number, "the starter passes its own stage"
    assert last.cause not in {"syntax", "import-error", "exit-at-import", "no-serve"}, last.lines


@each_stage
def test_every_gap_has_hints(stage):
    found = {gap.number for _, gap in gaps(SOLUTIONS / stage.folder)}
    assert found == set(range(1, len(found) + 1)), "TODOs are numbered 1, 2, 3 ..."
    assert set(stage.hints) == found
    for number, hints in stage.hints.items():
        assert len(hints) >= 3, f"TODO {number}"
        assert len(set(hints)) == len(hints)


@each_stage
def test_readme_has_the_same_headings(stage):
    text = (WORK / stage.folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# Stage {stage.number:02}: {stage.title}\n")
    assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS
    assert "simply" not in text.lower()


@each_stage
def test_readme_names_every_gap(stage):
    text = (WORK / stage.folder / "README.md").read_text(encoding="utf-8")
    for number in stage.hints:
        assert f"TODO {number}" in text


@each_stage
def test_points_of_the_checks_are_the_stage_s(stage):
    assert sum(points for _, points in own_checks(stage.number)) == stage.points


def test_every_check_says_what_it_wants():
    names: list[str] = []
    for path in (ROOT / "tests" / "stages").glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name} has no sentence for the student"
                names.append(node.name)
    assert len(names) >= 60
    assert len(set(names)) == len(names), "two checks have the same name"


@each_stage
def test_solution_is_made_of_the_standard_library(stage):
    for file in FILES:
        tree = ast.parse((SOLUTIONS / stage.folder / file).read_text(encoding="utf-8"))
        imported = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert imported <= ALLOWED, file


@pytest.mark.parametrize(
    "text",
    [
        "# BEGIN SOLUTION 1: x\n# BEGIN SOLUTION 2: y\n",
        "# END SOLUTION\n",
        "# BEGIN SOLUTION 1: x\npass\n",
        "# BEGIN SOLUTION\npass\n# END SOLUTION\n",
    ],
)
def test_markers_that_do_not_pair_are_refused(text):
    with pytest.raises(MarkerError):
        make_starter(text, "01")


def test_a_starter_keeps_what_stands_instead():
    text = "def f():\n    # BEGIN SOLUTION 3: do it\n    #| old()\n    new()\n    # END SOLUTION\n    return\n"
    starter, (gap,) = make_starter(text, "04")
    assert starter == "def f():\n    # TODO 3: do it\n    old()\n    return\n"
    assert (gap.number, gap.task) == (3, "do it")


def own_checks(stage: int) -> list[tuple[str, int]]:
    """Return (name, points) of the stage's checks, read from the file's decorators."""
    found = []
    for path in sorted((ROOT / "tests" / "stages").glob("test_*.py")):
        if home_stage(Path(path)) != stage:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "check":
                    points = next((word.value.value for word in decorator.keywords if word.arg == "points"), 1)
                    found.append((node.name, points))
    return found
