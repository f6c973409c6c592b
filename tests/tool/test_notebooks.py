"""The notebooks run from a clean kernel, claim only what holds, and are kept without outputs."""

from __future__ import annotations

import re

import pytest

from chatlab import notebooks

PATHS = notebooks.paths()
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def books():
    return {path: notebooks.read(path) for path in PATHS}


def test_there_are_six():
    assert [path.stem[:2] for path in PATHS] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.timeout(240)
@each_notebook
def test_it_runs(path):
    notebook = notebooks.execute(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code if cell.source.strip()), "a cell was not run"
    for cell in code:
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


@each_notebook
def test_it_is_kept_without_outputs(path, books):
    for cell in books[path].cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, (
                "strip the outputs: `nbstripout notebooks/*.ipynb`"
            )


@each_notebook
def test_it_asks_predicts_exercises_and_claims(path, books):
    cells = books[path].cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert "?" in cells[0].source or "?" in cells[1].source, "the question comes first"
    assert "What do you think" in text
    assert len(re.findall(r"^#+ Exercise \d", text, re.M)) == 3
    claims = [cell.source for cell in cells if "claim" in cell.metadata.get("tags", [])]
    assert claims and all("assert" in claim for claim in claims)
    assert 900 <= len(text.split()) <= 4500, "about fifteen minutes"
    assert "simply" not in text.lower()


def test_each_cell_has_a_lasting_name(books):
    for book in books.values():
        names = [cell.id for cell in book.cells]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("slides", [False, True], ids=["pages", "slides"])
def test_an_export_needs_nothing_else(tmp_path, monkeypatch, slides):
    """A small notebook of each kind of cell, exported: what is hidden is gone, and nothing is loaded from elsewhere."""
    nbformat = pytest.importorskip("nbformat")
    v4 = nbformat.v4
    setup = v4.new_code_cell("SECRET = 1", metadata={"tags": ["setup"]})
    claim = v4.new_code_cell("assert SECRET == 1, 'CLAIM'", metadata={"tags": ["claim"]})
    book = v4.new_notebook(cells=[v4.new_markdown_cell("# What is <this>?"), setup, claim, v4.new_code_cell("6 * 7")])
    book.cells[0].metadata["slideshow"] = {"slide_type": "slide"}
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(book, folder / "01_small.ipynb")
    monkeypatch.setattr(notebooks, "FOLDER", folder)
    out = tmp_path / "out"
    assert list(notebooks.export(out, slides)) == ["01_small"]
    page = (out / "01_small.html").read_text(encoding="utf-8")
    assert "42" in page and "CLAIM" not in page and "SECRET = " not in re.sub(r"<[^>]+>", "", page)
    assert "<title>What is &lt;this&gt;?" in page
    assert 'href="01_small.html">What is &lt;this&gt;?' in (out / "index.html").read_text(encoding="utf-8")
    loaded = re.findall(r'(?:src|href)\s*=\s*"([^"#][^"]*)"|@import url\(([^)]+)\)', page)
    for name in filter(None, (name for pair in loaded for name in pair)):
        assert name.startswith("data:") or (out / name).exists(), f"{name} is loaded from elsewhere"
    assert not re.search(r"\bimport\(?\s*['\"]https?:", page)
