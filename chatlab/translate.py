"""Bring the catalogues up to date: what `lab translate` does. It needs Babel."""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from .language import DOMAIN, FOLDER

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
KEYWORDS = {"tr": None, "tr_n": (1, 2), "mark": None, "_": None}  # _ in the templates of pages alone
WHERE = [  # files, and how texts are found in them; the first that fits counts
    ("tests/stages/**.py", "chatlab.translate:titles_of_checks"),
    ("stages/stages.toml", "chatlab.translate:words_of_stages"),
    ("chatlab/**.html", "jinja2.ext:babel_extract"),
    ("chatlab/**.py", "chatlab.translate:words_of_code"),
]
FOLDERS = ("chatlab", "stages", "tests/stages")
NEEDLESS = re.compile('"(Report-Msgid|POT-Creation|PO-Revision|Last-Translator|Language-Team|Generated-By|Project-Id)')
_Found = tuple[int, str, str, list[str]]  # line, function, text, comments: as Babel wants it


def words_of_code(file: IO[bytes], keywords, comment_tags, options) -> Iterator[_Found]:
    """Yield the texts of tr, tr_n and mark, wherever they are called; Babel's own way misses f-strings before 3.12."""
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if texts:
                yield node.lineno, node.func.id, texts[0] if len(texts) == 1 else tuple(texts), []


def titles_of_checks(file: IO[bytes], keywords, comment_tags, options) -> Iterator[_Found]:
    """Yield the first line of each check's docstring: its title."""
    for node in ast.parse(file.read()).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and (doc := ast.get_docstring(node)):
            yield node.lineno, "mark", doc.splitlines()[0], []
    file.seek(0)
    yield from words_of_code(file, keywords, comment_tags, options)


def words_of_stages(file: IO[bytes], keywords, comment_tags, options) -> Iterator[_Found]:
    """Yield what stages.toml says to the student: titles, ideas, what was learned, hints."""
    for stage in tomllib.load(file)["stage"]:
        for text in (stage["title"], stage["idea"], stage["learned"]):
            yield 1, "mark", text, []
        for gap in stage.get("gap", []):
            for hint in gap["hints"]:
                yield 1, "mark", hint, []


def collect() -> Catalog:
    """Return every text of the lab, untranslated."""
    catalogue = Catalog(project="chatlab", charset="utf-8")
    catalogue.header_comment = "# What the lab says. Bring it up to date with: python3 lab.py translate"
    found = []
    for folder in FOLDERS:
        patterns = [(pattern.removeprefix(folder + "/"), how) for pattern, how in WHERE]
        for name, line, text, comments, context in extract_from_dir(ROOT / folder, patterns, keywords=KEYWORDS):
            found.append((f"{folder}/{name}", line, text, comments, context))
    way = "chatlab.translate:words_of_code"
    for line, text, comments, context in extract_from_file(way, ROOT / "lab.py", keywords=KEYWORDS):
        found.append(("lab.py", line, text, comments, context))
    for name, line, text, comments, context in sorted(found, key=lambda entry: entry[:2]):
        catalogue.add(text, None, [(name, line)], auto_comments=comments, context=context)
    return catalogue


def update(language: str) -> tuple[str, bytes, list[str]]:
    """Return the catalogue as it should be, its compiled form, and the texts that lack a translation."""
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    wanted = collect()
    with open(path, "rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(wanted, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment = wanted.header_comment
    # Without dates and people: the same texts must make the same files.
    catalogue.project, catalogue.version = "chatlab", ""
    catalogue.creation_date = catalogue.revision_date = datetime(1970, 1, 1, tzinfo=timezone.utc)
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, catalogue, width=120, include_lineno=False)
    write_mo(compiled, catalogue)
    missing = [_first(message.id) for message in catalogue if message.id and not _whole(message.string)]
    return "".join(line for line in _lines(text) if not NEEDLESS.match(line)), compiled.getvalue(), missing


def _lines(text: io.BytesIO) -> list[str]:
    return text.getvalue().decode().splitlines(keepends=True)


def _first(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def _whole(translation: str | tuple[str, ...]) -> bool:
    return bool(translation) and all([translation] if isinstance(translation, str) else translation)


def bring_up_to_date(only_check: bool) -> int:
    """Write every catalogue anew, or look whether that would change anything; returns the exit status."""
    status = 0
    for language in sorted(path.name for path in FOLDER.iterdir() if path.is_dir()):
        folder = FOLDER / language / "LC_MESSAGES"
        text, compiled, missing = update(language)
        stale = [
            path
            for path, content in ((folder / f"{DOMAIN}.po", text.encode()), (folder / f"{DOMAIN}.mo", compiled))
            if not path.exists() or path.read_bytes() != content
        ]
        if not only_check:
            (folder / f"{DOMAIN}.po").write_bytes(text.encode())
            (folder / f"{DOMAIN}.mo").write_bytes(compiled)
        for what in missing:
            print(f"{language}: not translated: {what}")
        for path in stale:
            print(f"{path.relative_to(ROOT)} is {'not up to date' if only_check else 'made anew'}")
        if missing or (stale and only_check):
            status = 1
    return status
