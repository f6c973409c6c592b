"""Write the records for people and for other systems: CSV, Gradescope, JUnit, Classroom 50, and pages to read."""

from __future__ import annotations

import csv
import datetime
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from jinja2 import Environment, FileSystemLoader

from ..language import spoken, tr
from ..stages import load_stages
from . import sandbox
from .grade import Check, Record

PAGES = Path(__file__).with_name("pages")
MARKS = {"passed": "✓", "failed": "✗", "not run": "·", "unstable": "≈"}
XML_FORBIDS = {number: "�" for number in range(32) if chr(number) not in "\t\n\r"}


def write_all(records: list[Record], stages: list[int], out: Path, title: str) -> None:
    """Write every report of a class into the folder. Raises OSError where it cannot be written."""
    records = sorted(records, key=lambda record: record.name)
    _write_csv(records, stages, out / "grades.csv")
    pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    pages.globals |= {"tr": tr, "language": spoken()}
    names = {stage.number: stage for stage in load_stages()}
    shared = {"title": title, "marks": MARKS, "stages": [names[number] for number in stages], "ways": sandbox.WAYS}
    shutil.rmtree(out / "students", ignore_errors=True)
    for record in records:
        folder = out / "students" / record.file_name
        folder.mkdir(parents=True)
        _write_json(gradescope(record), folder / "results.json")
        _write_json(classroom50(record), folder / "result.json")
        junit([record]).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)
        _write_page(pages, "student.html", folder / "index.html", record=record, **shared)
    junit(records).write(out / "junit.xml", encoding="utf-8", xml_declaration=True)
    columns = {stage: _columns(records, stage) for stage in stages}
    cells = {record.name: {(check.stage, check.name): check for check in record.checks} for record in records}
    _write_page(
        *(pages, "class.html", out / "index.html"),
        **shared,
        records=records,
        columns=columns,
        cells=cells,
        causes=causes(records),
        ways_used=sorted({record.isolation for record in records if record.isolation}, key=list(sandbox.WAYS).index),
    )


def _columns(records: list[Record], stage: int) -> list[Check]:
    """Return the checks of a stage, each once, in their order."""
    found: dict[str, Check] = {}
    for record in records:
        for check in record.of_stage(stage):
            found.setdefault(check.name, check)
    return sorted(found.values(), key=lambda check: check.home != stage)


def causes(records: list[Record]) -> list[tuple[str, int, str, list[Record]]]:
    """Return (cause, how many submissions, one sentence that tells it, those submissions), the most frequent first."""
    who: dict[str, list[Record]] = {}
    sentence: dict[str, str] = {}
    for record in records:
        for check in record.checks:
            if check.cause and check.cause != "not-handed-in":
                sentence.setdefault(check.cause, check.message)
                if record not in who.setdefault(check.cause, [])[-1:]:
                    who[check.cause].append(record)
    count = Counter({cause: len(found) for cause, found in who.items()})
    return [(cause, number, sentence[cause], who[cause]) for cause, number in count.most_common()]


def _write_page(pages: Environment, template: str, path: Path, **values) -> None:
    path.write_text(pages.get_template(template).render(**values), encoding="utf-8", errors="replace")


def _write_json(content: dict, path: Path) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _write_csv(records: list[Record], stages: list[int], path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow(["submission", "points", "of", *(f"stage {stage:02}" for stage in stages), "unstable", "notes"])
        for record in records:
            by_stage = [sum(check.earned for check in record.of_stage(stage)) for stage in stages]
            unstable = " ".join(check.name for check in record.unstable)
            row = [record.name, record.earned, record.most, *by_stage, unstable, " ".join(record.notes)]
            writer.writerow([_harmless(cell) for cell in row])


def _harmless(cell):
    """Return what a spreadsheet takes for text: one that begins like a formula would be run."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell


def gradescope(record: Record) -> dict:
    """Return the content of a results.json.

    Fields and their values: https://gradescope-autograders.readthedocs.io/en/latest/specs/ (Output format).
    """
    tests = []
    for check in record.checks:
        test = {
            "name": f"{check.stage:02} {check.title}",
            "name_format": "text",
            "number": f"{check.stage}.{len([1 for other in tests if other['extra_data']['stage'] == check.stage]) + 1}",
            "score": check.earned,
            "max_score": check.points,
            "status": "passed" if check.status == "passed" else "failed",
            "output": "\n".join(check.lines) or check.message,
            "output_format": "text",
            "visibility": check.visibility,
            "tags": [check.cause] if check.cause else [],
            "extra_data": {"stage": check.stage, "check": check.name, "status": check.status},
        }
        tests.append(test)
    return {
        "score": record.earned,
        "execution_time": round(record.seconds),
        "output": "\n".join(record.notes) or tr("{earned} of {most} points.", earned=record.earned, most=record.most),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"isolation": record.isolation, "unstable": [check.name for check in record.unstable]},
        "tests": tests,
    }


def classroom50(record: Record) -> dict:
    """Return the content of a Classroom 50 result.json.

    Its contract: https://github.com/foundation50/classroom50/wiki/Advanced-Autograding. What its runner tells of the
    submission comes from the environment; on any other machine the name of the submission stands in.
    """
    known = lambda name, otherwise: os.environ.get(name, otherwise)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema": "classroom50/result/v1",
        "classroom": known("CLASSROOM", ""),
        "assignment": known("ASSIGNMENT", "chatlab"),
        "assignment_type": known("ASSIGNMENT_TYPE", "individual"),
        "owner": known("OWNER", record.name),
        "submission": known("SUBMISSION_TAG", record.name),
        "commit": known("COMMIT_URL", ""),
        "release": known("RELEASE_URL", ""),
        "review": known("REVIEW_URL", known("COMMIT_URL", "")),
        "datetime": now,
        "graded_at": now,
        "score": record.earned,
        "max-score": record.most,
        "tests": [
            {
                "test-name": f"{check.stage:02} {check.name}",
                "passed": check.status == "passed",
                "score": check.earned,
                "max-score": check.points,
                "message": check.message,
            }
            for check in record.checks
            if check.visibility == "visible"
        ],
    }


def junit(records: list[Record]) -> ElementTree.ElementTree:
    """Return JUnit XML: a suite for each stage of each submission."""
    root = ElementTree.Element("testsuites", name="chatlab")
    for record in records:
        for stage in sorted({check.stage for check in record.checks}):
            checks = record.of_stage(stage)
            count = Counter(check.status for check in checks)
            suite = ElementTree.SubElement(root, "testsuite", name=_xml(f"{record.name} stage {stage:02}"))
            suite.set("tests", str(len(checks)))
            suite.set("failures", str(count["failed"] + count["unstable"]))
            suite.set("skipped", str(count["not run"]))
            suite.set("time", f"{sum(check.seconds for check in checks):.3f}")
            for check in checks:
                case = ElementTree.SubElement(suite, "testcase", name=check.name, time=f"{check.seconds:.3f}")
                case.set("classname", _xml(f"{record.name}.stage{stage:02}"))
                if check.status in ("failed", "unstable"):
                    failure = ElementTree.SubElement(case, "failure", message=_xml(check.message), type=check.cause)
                    failure.text = _xml("\n".join(check.lines))
                elif check.status == "not run":
                    ElementTree.SubElement(case, "skipped", message=_xml(check.message))
    return ElementTree.ElementTree(root)


def _xml(text: str) -> str:
    """Return the text without what XML 1.0 cannot hold, escaped or not (its section 2.2, Characters)."""
    return text.translate(XML_FORBIDS).encode(errors="replace").decode()
