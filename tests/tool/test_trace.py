"""`lab trace`: what goes over the wire, as a sequence diagram; a server that fails has its diagram up to there."""

import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from chatlab.stages import SOLUTIONS, load_stages
from chatlab.trace import WIDTH, as_svg, as_text, record

ROOT = Path(__file__).resolve().parents[2]


def lab(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "chatlab", "trace", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("stage", load_stages(), ids=str)
def test_every_solution_is_drawn(stage):
    """The solution plays its part to the end; every row fits the screen, and has one arrow or none."""
    play, failure = record(SOLUTIONS / stage.folder / "server.py", stage.number)
    assert failure == []
    head, *rows = as_text(play)
    assert head.split() == [*play.names, "server"] and len(rows) == len(play.events)
    for row in rows:
        assert len(row) <= WIDTH
        assert len(re.findall("[►◄]", row[WIDTH // 2 :])) <= 1
    picture = xml.fromstring(as_svg(play))
    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text in play.names] == play.names
    assert len(texts) == len(play.names) + 1 + len(play.events)


def test_lines_that_came_at_once():
    """Three lines in one segment are one arrow, and it says so; a letter in two segments is two."""
    play, _ = record(SOLUTIONS / "02_lines" / "server.py", 2)
    text = "\n".join(as_text(play))
    assert r'"one\ntwo\nthree\n" (3 lines at once)' in text
    assert r"b'\xd0'" in text


def test_who_is_gone_has_no_lifeline():
    play, _ = record(SOLUTIONS / "06_leaving" / "server.py", 6)
    rows = as_text(play)[1:]
    lane = rows[2].index("├")  # bob connects
    gone = next(number for number, row in enumerate(rows) if "RST" in row)
    assert rows[gone][lane] == "├"
    assert all(row[lane : lane + 1] in ("─", " ") for row in rows[gone + 1 :])


def test_the_starter_is_drawn_as_far_as_it_goes(tmp_path):
    """A gap gives the diagram up to there, the gap, and status 1."""
    folder = tmp_path / "05_broadcast"
    folder.mkdir()
    stage = load_stages()[4]
    (folder / "server.py").write_text(stage.starter("server.py"), encoding="utf-8")
    result = lab(str(folder / "server.py"))
    assert result.returncode == 1 and "connects" in result.stdout
    assert "Still to be written: server.py" in result.stdout or "bob heard nothing" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_a_server_that_echoes(tmp_path):
    """The failure says why, beneath the diagram, and the picture is written all the same."""
    out = tmp_path / "trace.svg"
    path = ROOT / "tests" / "mistakes" / "05_broadcast" / "hears_itself.py"
    folder = tmp_path / "05_broadcast"
    folder.mkdir()
    (folder / "server.py").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    result = lab(str(folder / "server.py"), "--svg", str(out))
    assert result.returncode == 1 and f"Written: {out}" in result.stdout
    assert "ann" in result.stdout.split("Written")[1]
    xml.parse(out)


def test_wrong_names():
    assert "There is no stage '77'" in lab("77").stderr
    assert "There is no file nothing.py" in lab("nothing.py").stderr
    assert lab("77").returncode == lab("nothing.py").returncode == 2
