"""The notebooks: executed by a kernel of their own, and exported to pages or slides that need no network."""

from __future__ import annotations

import html
import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
CELL_LIMIT = 60  # seconds
HIDDEN = {"remove_cell_tags": ["claim"], "remove_input_tags": ["setup"]}  # in exports


def paths() -> list[Path]:
    """Return the notebooks, in their order."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))


def read(path: Path):
    import nbformat

    return nbformat.read(path, as_version=4)


def title(notebook) -> str:
    """Return the first heading."""
    return next(match[1] for cell in notebook.cells if (match := re.match(r"# (.+)", cell.source)))


def execute(path: Path):
    """Run every cell in a new kernel, and return the notebook with what they gave.

    Raises nbclient.exceptions.CellExecutionError for a cell that fails and is not tagged raises-exception.
    """
    from nbclient import NotebookClient

    notebook = read(path)
    # This very Python, whatever kernels the machine knows by the name of python3.
    client = NotebookClient(notebook, timeout=CELL_LIMIT, resources={"metadata": {"path": str(FOLDER)}})
    client.create_kernel_manager()
    client.km.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    client.execute()
    return notebook


def export(out: Path, slides: bool = False) -> Iterator[str]:
    """Write each notebook, executed, as a page (or as slides) into the folder, and an index; yields each name before.

    Raises OSError where the folder cannot be written, and what execute raises.
    """
    from nbconvert import HTMLExporter, SlidesExporter
    from traitlets.config import Config

    out.mkdir(parents=True, exist_ok=True)
    settings = Config(TagRemovePreprocessor={"enabled": True, **HIDDEN})
    nothing = {"require_js_url": "", "mathjax_url": "", "jquery_url": "", "mermaid_js_url": ""}
    if slides:
        _copy_reveal(out / "reveal.js")
        exporter = SlidesExporter(
            config=settings, reveal_url_prefix="reveal.js", reveal_scroll=True, font_awesome_url="", **nothing
        )
    else:
        exporter = HTMLExporter(config=settings, **nothing)
    pages = []
    for path in paths():
        yield path.stem
        notebook = execute(path)
        heading = title(notebook)
        notebook.metadata["title"] = heading
        page, _ = exporter.from_notebook_node(notebook)
        (out / f"{path.stem}.html").write_text(_alone(page), encoding="utf-8")
        pages.append((f"{path.stem}.html", heading))
    (out / "index.html").write_text(_index(pages), encoding="utf-8")


STYLE = "<style>.jp-RenderedHTMLCommon pre, .jp-RenderedHTMLCommon code { font-family: monospace }</style>"
SHOW = """<script src="reveal.js/dist/reveal.js"></script>
<script src="reveal.js/plugin/notes/notes.js"></script>
<script>
Reveal.initialize({history: true, plugins: [RevealNotes], width: 1100, height: 800});
function scroll() {  // a slide that is too long for the screen
  for (const slide of document.querySelectorAll("section.present section.present, section.present"))
    if (!slide.querySelector("section") && slide.scrollHeight > 760)
      Object.assign(slide.style, {height: "760px", overflowY: "auto"});
}
Reveal.on("ready", scroll);
Reveal.on("slidechanged", scroll);
Reveal.on("fragmentshown", event => event.fragment.scrollIntoView({block: "nearest"}));
</script>"""


def _alone(page: str) -> str:
    """Take out what the exporter's page would load from elsewhere: no notebook has formulas or diagrams for it."""
    page = page.replace("</head>", f"{STYLE}</head>", 1)
    # The exporter starts the slides with the help of three libraries from elsewhere.
    page = re.sub(r"<script>\s*require\(.*?</script>", lambda _: SHOW, page, flags=re.S)
    page = re.sub(r'<script[^>]*\bsrc=""[^>]*>\s*</script>', "", page)
    page = re.sub(r'<link[^>]*\bhref="(https?://[^"]*)?"[^>]*>', "", page)
    return re.sub(r'<script type="module">.*?</script>', _module, page, flags=re.S)


def _module(match: re.Match) -> str:
    return "" if "import(" in match[0] or "import " in match[0] else match[0]


def _copy_reveal(to: Path) -> None:
    """Put reveal.js beside the slides; the package that brings it is another tool's, and lends its files alone."""
    from_ = Path(importlib.util.find_spec("sphinx_revealjs").submodule_search_locations[0]) / "_static" / "revealjs"
    for part in ("dist", "plugin/notes"):
        shutil.copytree(from_ / part, to / part, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.map", "*.esm.js"))


def _index(pages: list[tuple[str, str]]) -> str:
    items = "\n".join(f'<li><a href="{name}">{html.escape(heading)}</a></li>' for name, heading in pages)
    style = "body { font: 1.1em/1.6 sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em }"
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>chatlab: the notebooks</title><style>{style}</style>
<h1>chatlab: the notebooks</h1>
<p>Each begins with a question and takes about fifteen minutes. The code in them is the lab's own, and was run to make
these pages.</p>
<ol>
{items}
</ol>
</html>
"""
