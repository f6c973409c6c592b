"""What VS Code and dev containers are told: it must be what the tool really has."""

import json
import re
import subprocess
import sys
from pathlib import Path

from chatlab.cli import make_parser
from chatlab.stages import load_stages

ROOT = Path(__file__).resolve().parents[2]


def settings(name: str) -> dict:
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def test_every_task_is_a_command_of_the_tool():
    tasks = settings(".vscode/tasks.json")["tasks"]
    assert len(tasks) == len({task["label"] for task in tasks}) >= 6
    for task in tasks:
        script, *arguments = task["args"]
        assert (ROOT / script).is_file()
        make_parser().parse_args([re.sub(r"\$\{.*\}", "02_lines", argument) for argument in arguments])


def test_programs_to_debug_are_there():
    for configuration in settings(".vscode/launch.json")["configurations"]:
        for stage in load_stages():
            assert Path(configuration["program"].replace("${fileDirname}", str(stage.work))).is_file()


def test_the_editor_finds_the_checks():
    """With the editor's own arguments pytest finds each check of each stage, once."""
    arguments = settings(".vscode/settings.json")["python.testing.pytestArgs"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    found = re.findall(r"^tests/stages/test_(\d\d)_\w+\.py::test_\w+\[stage (\d\d)\]$", result.stdout, re.M)
    assert {home for home, _ in found} == {f"{stage.number:02}" for stage in load_stages()}
    assert all(home == stage for home, stage in found)


def test_the_container_prepares_the_lab():
    command = settings(".devcontainer/devcontainer.json")["postCreateCommand"].split()
    assert (ROOT / command[1]).is_file()
    make_parser().parse_args(command[2:])
