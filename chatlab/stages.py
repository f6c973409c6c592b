"""The list of stages, from stages/stages.toml, and what the student has done with each stage's files."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from .language import tr
from .starters import make_starter

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "stages"
SOLUTIONS = ROOT / "solutions"
STATE = ROOT / ".lab"  # hints shown, what was put aside, which files have passed
FILES = ("server.py", "client.py")


@dataclass(frozen=True)
class Stage:
    """One entry of stages.toml. hints: for each TODO's number, from a nudge to nearly the answer."""

    number: int
    folder: str
    title: str
    idea: str
    learned: str
    points: int
    hints: dict[int, tuple[str, ...]]

    @property
    def work(self) -> Path:
        return WORK / self.folder

    def __str__(self) -> str:
        return f"{self.number:02} {self.title}"

    def starter(self, file: str) -> str:
        """Return the text of the starter, made from the solution."""
        return make_starter((SOLUTIONS / self.folder / file).read_text(encoding="utf-8"), f"{self.number:02}")[0]

    def untouched(self) -> bool:
        """Whether the student's files are still the starters."""
        return all(_text(self.work / file) == self.starter(file) for file in FILES)

    def open_gaps(self) -> list[int]:
        """Return the numbers of the TODOs where the student's file still has the starter's lines."""
        return [
            number for number, block in self._gap_blocks() if any(block in _text(self.work / file) for file in FILES)
        ]

    def _gap_blocks(self) -> list[tuple[int, str]]:
        blocks = []
        for file in FILES:
            for gap, block in gap_blocks((SOLUTIONS / self.folder / file).read_text(encoding="utf-8"), self.number):
                blocks.append((gap, block))
        return sorted(blocks)

    def passed(self) -> bool:
        """Whether just these files have passed just these checks before."""
        return _passes().get(self.folder) == self._digest()

    def keep_passed(self) -> None:
        """Remember that the files as they are pass every check."""
        _save("passed.json", {**_passes(), self.folder: self._digest()})

    def _digest(self) -> str:
        digest = hashlib.sha256()
        checks = [*(ROOT / "tests" / "stages").glob("*.py"), *(ROOT / "chatlab" / "checks").glob("*.py")]
        for path in sorted([*self.work.glob("*.py"), *checks]):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


def gap_blocks(solution: str, stage: int) -> list[tuple[int, str]]:
    """Return (number, lines) of each gap as it stands in the starter: the TODO and what follows it."""
    blocks = []
    begin = solution.find("# BEGIN SOLUTION")
    while begin >= 0:
        begin = solution.rfind("\n", 0, begin) + 1
        end = solution.index("\n", solution.index("# END SOLUTION", begin)) + 1
        text, (gap,) = make_starter(solution[begin:end], f"{stage:02}")
        blocks.append((gap.number, text))
        begin = solution.find("# BEGIN SOLUTION", end)
    return blocks


def load_stages() -> list[Stage]:
    """Return all the stages, in order, in the language that is spoken."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10; not at the top, for the demo must run with nothing installed
        import tomli as tomllib
    with open(WORK / "stages.toml", "rb") as file:
        entries = tomllib.load(file)["stage"]
    said = tr  # what is translated here are the texts of the file, which translate.py finds there
    return [
        Stage(
            number=int(entry["folder"][:2]),
            folder=entry["folder"],
            title=said(entry["title"]),
            idea=said(entry["idea"]),
            learned=said(entry["learned"]),
            points=entry["points"],
            hints={gap["number"]: tuple(map(tr, gap["hints"])) for gap in entry.get("gap", [])},
        )
        for entry in entries
    ]


def find_stage(name: str) -> Stage:
    """Return the stage called "4", "04", "registry" or "04_registry"; raises ValueError with what there is."""
    stages = load_stages()
    for stage in stages:
        if name in (str(stage.number), f"{stage.number:02}", stage.folder, stage.folder[3:]):
            return stage
    raise ValueError(
        tr(
            "There is no stage {name!r}: give a number from 1 to {number}, or a name such as echo.",
            name=name,
            number=len(stages),
        )
    )


def put_aside(paths: list[Path]) -> Path | None:
    """Copy the files that exist to a new folder in .lab/aside, and return it: nothing that was written is lost."""
    paths = [path for path in paths if path.is_file()]
    if not paths:
        return None
    number = 1
    while (folder := STATE / "aside" / f"{paths[0].parent.name}-{number}").exists():
        number += 1
    folder.mkdir(parents=True)
    for path in paths:
        shutil.copy2(path, folder / path.name)
    return folder


def next_hint(stage: Stage, gap: int) -> tuple[int, int, str]:
    """Return (number, of how many, text) of the next hint for a TODO; the last one comes again and again."""
    shown = _load("hints.json")
    key = f"{stage.folder} {gap}"
    hints = stage.hints[gap]
    number = min(shown.get(key, 0) + 1, len(hints))
    _save("hints.json", {**shown, key: number})
    return number, len(hints), hints[number - 1]


def _passes() -> dict:
    return _load("passed.json")


def _load(name: str) -> dict:
    try:
        content = json.loads((STATE / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _save(name: str, content: dict) -> None:
    STATE.mkdir(exist_ok=True)
    new = STATE / (name + ".new")
    new.write_text(json.dumps(content, indent=1), encoding="utf-8")
    new.replace(STATE / name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
