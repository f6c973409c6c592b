"""The timeline: as text it fits, as a picture it is whole, as a page a real browser steps through it."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
import unicodedata
import xml.etree.ElementTree as xml

import pytest

from chatlab.explorer import Event, Failure, report, simulate
from chatlab.explorer.scenarios import SCENARIOS
from chatlab.stages import ROOT

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SOURCE = "\n".join(f"line_{number} = '{'x' * number}'" for number in range(1, 200))


def columns(line):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def made(threads, count):
    """Return events of so many threads, with what is awkward to draw."""
    names = [f"thread-{number}" for number in range(threads)]
    odd = ["", "b'" + "z" * 300 + "'", "日本語のとても長い行" * 9, "a\nb\tc", "</script><b>&", "{'k': [1, 2]}"]
    return [
        Event(
            thread=names[number % threads if number % 3 else 0],
            kind="write" if number % 4 == 0 else "read",
            text=f"reads clients[{number % 7}] {odd[number % 6]}",
            line=number % 199,
            function="handle",
            value=odd[(number + 1) % 6],
            held=("lock",) if number % 5 == 0 else (),
            wire=(("ann → server", odd[number % 6]),) if number % 2 else (),
            switch=number % 17 == 5,
        )
        for number in range(count)
    ] + [Event(thread=names[0], kind="failure", text="it fails")]


FAILURE = Failure("check", "ann hears </script> & 日本語: " + "very long " * 30, "thread-0", 3)


@pytest.mark.parametrize("threads", range(1, 9))
@pytest.mark.parametrize("width", (79, 100))
@pytest.mark.parametrize("short", (False, True))
def test_text_fits(threads, width, short):
    text = report.text("A title " * 20, SOURCE, made(threads, 150), FAILURE, width=width, short=short)
    assert max(map(columns, text.split("\n"))) <= width
    assert len(text.split("\n")) <= (24 if short else 230)


@pytest.mark.parametrize("short", (False, True))
def test_every_preemption_is_drawn(short):
    events = made(3, 100)
    text = report.text("", SOURCE, events, FAILURE, short=short)
    assert text.count("is stopped here") == sum(event.switch for event in events)


def test_a_picture_is_whole():
    root = xml.fromstring(report.svg("A <title> & more", SOURCE, made(4, 80), FAILURE))
    words = "".join(root.itertext())
    assert "thread-3" in words and "check: ann hears </script>" in words
    assert len(root.findall(".//{*}rect[@fill='url(#h)']")) >= 1


class _Data(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.inside, self.text = False, ""

    def handle_starttag(self, tag, attributes):
        self.inside = dict(attributes).get("id") == "data"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        self.text += data if self.inside else ""


def test_a_page_keeps_all_that_it_is_given():
    events = made(3, 40)
    page = report.html("A <title>", SOURCE, events, FAILURE)
    reader = _Data()
    reader.feed(page)
    data = json.loads(reader.text)
    assert [
        Event(**{**event, "held": tuple(event["held"]), "wire": tuple(map(tuple, event["wire"]))})
        for event in data["events"]
    ] == events
    assert data["failure"]["message"] == FAILURE.message
    assert not re.search(r"""(src|href)=["']?https?:""", page)


def dom(tmp_path, url, *flags):
    """Return the page as a real browser has it when its scripts have run."""
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        *flags,
    ]
    command += ["--virtual-time-budget=3000", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=True).stdout


@pytest.fixture(scope="module")
def verdict():
    path = ROOT / "tests" / "mistakes" / "09_chat" / "nickname_checked_then_taken.py"
    return simulate(path, SCENARIOS["two_claim_one_nickname"])


@pytest.mark.timeout(120)
@pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine")
def test_a_browser_shows_a_step(verdict, tmp_path):
    (tmp_path / "race.html").write_text(verdict.html(), encoding="utf-8")
    number = next(i for i, event in enumerate(verdict.events) if event.switch)
    event = verdict.events[number]
    page = dom(tmp_path, f"{(tmp_path / 'race.html').as_uri()}#step={number + 1}")
    assert f'data-step="{number}"' in re.search(r"<body[^>]*>", page)[0]
    assert "The thread before is stopped here" in page
    active = re.search(rf'<section class="thread active" data-thread="{event.thread}">.*?</section>', page, re.S)[0]
    assert f'<div class="current"><i>{event.line}</i>' in active
    number = next(i for i, event in enumerate(verdict.events) if event.wire)
    page = dom(tmp_path, f"{(tmp_path / 'race.html').as_uri()}#step={number + 1}")
    assert f"in flight, {verdict.events[number].wire[0][0]}" in page


@pytest.mark.timeout(120)
@pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine")
def test_the_arrow_keys_step(verdict, tmp_path):
    (tmp_path / "race.html").write_text(verdict.html(), encoding="utf-8")
    (tmp_path / "keys.html").write_text(
        """<body><iframe src="race.html"></iframe><ol></ol><script>
        onload = () => {
          const inner = frames[0].document;
          for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft"]) {
            inner.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            const item = document.createElement("li");
            item.textContent = inner.body.dataset.step + " " + inner.getElementById("failure").textContent.slice(0, 5);
            document.querySelector("ol").append(item);
          }
        };
        </script></body>""",
        encoding="utf-8",
    )
    page = dom(tmp_path, (tmp_path / "keys.html").as_uri(), "--allow-file-access-from-files")
    last = len(verdict.events) - 1
    steps = re.findall(r"<li>(.*?)</li>", page)
    assert steps == ["1 ", "2 ", "1 ", f"{last} check", f"{last} check", "0 ", "0 "]
