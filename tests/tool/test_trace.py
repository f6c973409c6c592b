"""`lab trace`: what goes over the wire, as a sequence diagram; a server that fails has its diagram up to there."""

import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from chatlab.recorder import _note_of_received, _note_of_sent, record
from chatlab.stages import SOLUTIONS, load_stages
from chatlab.trace import WIDTH, as_svg, as_text

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


def test_how_the_bytes_were_taken(tmp_path):
    """One send that comes in pieces, two sends that come in one recv or in two: both ends tell."""
    lines = [
        "def serve(listener):",
        "    connection, address = listener.accept()",
        "    for number in range(5):",
        "        connection.recv(1)",
        "    connection.sendall(b'he')",
        "    connection.sendall(b'llo')",
        "    listener.accept()",
    ]
    path = tmp_path / "01_echo" / "server.py"
    path.parent.mkdir()
    path.write_text("\n".join(lines), encoding="utf-8")
    play, _ = record(path, 1)
    assert play.notes[1] == "(read in 5 pieces)"
    heard = [(event.what, note) for event, note in zip(play.events, play.notes) if event.what.startswith("←")]
    assert heard in ([('← "hello"', "(2 sends, one recv)")], [('← "he"', ""), ('← "llo"', "")])


def test_bytes_of_several_calls():
    """What is said of a stretch of bytes, by where the calls at the other end ended."""
    assert _note_of_received(0, 5, [5]) == ""
    assert _note_of_received(5, 12, [5, 8, 12]) == "(2 sends, one recv)"
    assert _note_of_received(0, 3, [5]) == _note_of_received(3, 5, [5]) == "(a piece of one send)"
    assert _note_of_received(3, 8, [5, 9]) == "(pieces of several sends)"
    assert _note_of_sent(0, 4, [4]) == _note_of_sent(4, 8, [4, 8]) == ""
    assert _note_of_sent(0, 4, [1, 4, 8]) == "(read in 2 pieces)"
    assert _note_of_sent(0, 4, [8]) == "(in one recv with the next)"
    assert _note_of_sent(4, 8, [8]) == "(in one recv with the one before)"
    assert _note_of_sent(0, 4, []) == _note_of_sent(0, 4, [3]) == "(the server has not read this)"


@pytest.mark.parametrize(
    "program, told",
    [
        ("import nothing_of_that_name", "server.py fails while it is imported (line 1: import nothing_of_that_name)"),
        ("import os\nos._exit(3)", "The process has ended (status 3)"),
        ("import sys\nsys.exit('enough')", "server.py ends the program while it is imported"),
        ("while True: pass", "server.py does not come to its end while it is imported"),
        ("def serve(listener)", "Python cannot read server.py, line 1"),
        ("def served(listener): pass", "server.py has no function `serve(listener)`"),
    ],
)
def test_a_server_that_does_not_start(tmp_path, monkeypatch, program, told):
    if program.startswith("while"):  # the others are to end by themselves, however slow the machine
        monkeypatch.setattr("chatlab.recorder.PATIENCE", 2.0)
    path = tmp_path / "05_broadcast" / "server.py"
    path.parent.mkdir()
    path.write_text(program + "\n", encoding="utf-8")
    play, failure = record(path, 5)
    assert play.events == ()
    assert " ".join(failure).startswith(told)


def test_a_server_that_ends_its_process(tmp_path):
    """The diagram up to there, without what the server prints, and why there is no more."""
    path = tmp_path / "05_broadcast" / "server.py"
    path.parent.mkdir()
    lines = [
        "import os",
        "def serve(listener):",
        "    connection, address = listener.accept()",
        "    print('HERE', flush=True)",
        "    connection.sendall(b'you are client 1\\n')",
        "    listener.accept()",
        "    os._exit(4)",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    result = lab(str(path))
    assert result.returncode == 1 and result.stderr == ""
    assert "you are client 1" in result.stdout and "HERE" not in result.stdout
    assert "The process has ended (status 4)" in result.stdout


def test_a_server_that_hangs(tmp_path):
    path = tmp_path / "05_broadcast" / "server.py"
    path.parent.mkdir()
    path.write_text("def serve(listener):\n    while True: pass\n", encoding="utf-8")
    result = lab(str(path))
    assert result.returncode == 1 and result.stderr == ""
    assert "1 connects" in result.stdout
    assert "serve runs all the time and never waits for anything" in result.stdout


def test_a_slow_reader_gets_all_at_once():
    play, failure = record(SOLUTIONS / "07_slow_reader" / "server.py", 7)
    assert failure == []
    eve = [event.what for event in play.events if event.who == "eve" and "client 1" in event.what]
    heard = [event.what for event in play.events if event.who == "bob" and "client 1" in event.what]
    assert len(heard) == 3 and 1 <= len(eve) <= 3


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
