"""Two languages: which one is chosen, that the catalogue is whole, and that no screen keeps an English sentence."""

from __future__ import annotations

import ast
import asyncio
import html
import importlib.util
import json
import os
import re
import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_cli import Lab

from chatlab import language
from chatlab.language import FOLDER, amount, choose, languages, spoken, tr
from chatlab.stages import find_stage, load_stages

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = FOLDER / "ru" / "LC_MESSAGES" / "chatlab.po"
CATALOGUE_TEXTS = re.compile(r'^msgid(?:_plural)? "(.*)"$', re.M)
FUNCTIONS = {"tr": 1, "tr_n": 2, "mark": 1}  # and how many texts each is given
STAGES = [stage.number for stage in load_stages()]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def reader(monkeypatch):
    """A machine whose settings name no language; what a test chooses is forgotten afterwards."""
    for name in ("LAB_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")  # Windows would be asked too
    before = spoken()
    yield monkeypatch
    choose(before)


@pytest.fixture
def russian():
    """The lab speaks Russian in this process, and in those that it starts."""
    before, environment = spoken(), dict(os.environ)
    choose("ru")
    yield
    choose(before)
    os.environ.clear()
    os.environ.update(environment)


# Which language


def test_the_order_in_which_a_language_is_chosen(reader):
    """What --lang says, else LAB_LANG, else the system's settings, else English."""
    assert choose() == "en"
    del os.environ["LAB_LANG"], os.environ["LANGUAGE"]
    reader.setenv("LANG", "ru_RU.UTF-8")
    assert choose() == "ru"
    reader.setenv("LAB_LANG", "en")
    assert choose() == "en"
    assert choose("ru") == spoken() == os.environ["LAB_LANG"] == "ru"


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:ru:en"}, "ru"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "xx"}, "en"),
        ({"LANG": "POSIX"}, "en"),
    ],
)
def test_the_system_s_language(reader, settings, chosen):
    """The first of the reader's languages that there is; English where there is none of them."""
    for name, value in settings.items():
        reader.setenv(name, value)
    assert choose() == chosen


@pytest.mark.parametrize("arguments", [("--lang", "xx", "status"), ("--lang=xx",)])
def test_an_unknown_language_is_refused_with_the_list(arguments):
    printed = command(*arguments, status=2)
    assert len(printed.splitlines()) == 1
    assert "'xx'" in printed and "en, ru" in printed


def test_an_unknown_language_in_lab_lang_is_refused_too():
    assert "en, ru" in command("status", status=2, LAB_LANG="xx")


@pytest.mark.parametrize(("name", "shown"), [("en", "1,234,567 bytes"), ("ru", "1\xa0234\xa0567 Б")])
def test_thousands_are_set_apart_as_the_language_does_it(reader, name, shown):
    choose(name)
    assert tr("{number:,} bytes", number=1234567) == shown
    assert amount(1234567.4, ",.0f") == shown.split(" ")[0]
    assert amount(12) == "12"


def test_the_command_chooses_its_language():
    """--lang before LAB_LANG before the locale, wherever --lang stands; argparse speaks it as well."""
    assert "the language" in command("--help", LAB_LANG="en", LANG="ru_RU.UTF-8")
    assert is_russian(command("--help", LAB_LANG="ru", LANG="en_US.UTF-8"))
    assert is_russian(command("--help", LAB_LANG="", LANG="ru_RU.UTF-8", LC_ALL="", LC_MESSAGES="", LANGUAGE=""))
    for arguments in (("--lang", "en", "--help"), ("--lang=en", "check", "--help")):
        assert not is_russian(command(*arguments, LAB_LANG="ru"))
    assert is_russian(command("--lang", "ru", "check", "--help", LAB_LANG="en"))


def command(*arguments: str, status: int = 0, **settings: str) -> str:
    """Run the tool with these settings in the environment; returns what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **settings}
    result = subprocess.run(
        [sys.executable, "-m", "chatlab", *arguments],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert result.returncode == status, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def is_russian(text: str) -> bool:
    return len(re.findall("[а-яё]", text)) > len(text) / 5


@pytest.fixture
def wrapper():
    """The module lab.py."""
    spec = importlib.util.spec_from_file_location("lab_wrapper", ROOT / "lab.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["demo"], "demo"),
        (["--lang", "ru", "demo", "3"], "demo"),
        (["--lang=ru", "bench", "--full"], "bench"),
        (["--lang", "ru"], ""),
        ([], ""),
    ],
)
def test_lab_py_finds_the_command_behind_lang(wrapper, arguments, word):
    assert wrapper.command_in(arguments) == word


def test_lab_py_speaks_before_anything_is_installed(tmp_path):
    """With the standard library alone, and --lang before the command: no .venv is made for the doctor."""
    shutil.copytree(ROOT / "chatlab", tmp_path / "chatlab", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "lab.py", tmp_path / "lab.py")
    environment = {**os.environ, "PYTHONUTF8": "1", "LAB_LANG": "en"}
    environment.pop("PYTHONPATH", None)
    result = subprocess.run(
        [sys.executable, "-S", "lab.py", "--lang", "ru", "doctor"],
        **{"cwd": tmp_path, "env": environment, "capture_output": True, "encoding": "utf-8", "timeout": 60},
    )
    assert result.returncode == 1, "its stages are missing"
    assert is_russian(result.stdout) and "Traceback" not in result.stderr
    assert not (tmp_path / ".venv").exists()


# The calls in the source, and the catalogue


def python_calls(path: Path) -> Iterator[tuple[str, str, list[str | None], set[str] | None]]:
    """Yield (place, function, its texts, the names of its values) of each call; None for what is no literal.

    A ** at the end of the names stands for values that are kept in a dictionary, of which a text may use a part.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kept = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            texts = node.args[: FUNCTIONS[node.func.id]]
            names: set[str] | None = set()
            for keyword in node.keywords:
                if keyword.arg:
                    names.add(keyword.arg)
                    continue
                value = keyword.value
                if isinstance(value, ast.Name) and value.id in kept:
                    names.add("**")
                    value = kept[value.id]
                if not isinstance(value, ast.Dict):
                    names = None
                    break
                names.update(ast.literal_eval(key) for key in value.keys)
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            yield place, node.func.id, [literal(text) for text in texts], names
            made = (ast.JoinedStr, ast.BinOp)
            assert not any(isinstance(part, made) for text in texts for part in ast.walk(text)), (
                f"{place}: a text that is put together is in no catalogue"
            )


def template_calls(path: Path) -> Iterator[tuple[str, str, list[str | None], set[str]]]:
    """Yield the same of a template."""
    jinja2 = pytest.importorskip("jinja2")
    for node in jinja2.Environment().parse(path.read_text(encoding="utf-8")).find_all(jinja2.nodes.Call):
        if isinstance(node.node, jinja2.nodes.Name) and node.node.name in ("tr", "tr_n"):
            texts = node.args[: FUNCTIONS[node.node.name]]
            values = [text.value if isinstance(text, jinja2.nodes.Const) else None for text in texts]
            names = {keyword.key for keyword in node.kwargs}
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.node.name, values, names


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def readable(text: str) -> bool:
    """Whether format can read the text."""
    try:
        list(string.Formatter().parse(text))
    except ValueError:
        return False
    return True


SOURCES = [*sorted((ROOT / "chatlab").rglob("*.py")), ROOT / "lab.py", *sorted((ROOT / "chatlab").rglob("*.html"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_text_is_a_plain_literal_and_has_its_values(path):
    """The catalogue is made of literals; what has a name in braces is given a value of that name, and nothing more.

    A text that was marked elsewhere, in stages.toml for one, comes from a variable.
    """
    for place, function, texts, names in template_calls(path) if path.suffix == ".html" else python_calls(path):
        if path.name == "language.py" and None in texts:
            continue  # the functions themselves
        assert names is not None, f"{place}: values are to be named in the call"
        if None in texts:
            assert function == "tr", f"{place}: not a plain literal"
            continue
        if function == "mark":
            continue  # its values stand where it is shown
        wanted = {name for text in texts for name in re.findall(r"\{([a-z_]\w*)", text)} - {"number"}
        given = names - {"number"}
        fits = wanted <= given if "**" in given else wanted == given
        needs_number = function == "tr" and any(re.search(r"\{number\b", text) for text in texts)
        assert fits and (not needs_number or "number" in names), f"{place}: {texts[0]!r}"
        assert not names or all(map(readable, texts)), f"{place}: {texts[0]!r}"


def test_every_text_is_in_the_catalogue():
    """Also what stands in lab.py, and inside an f-string, where Babel's own search finds it from Python 3.12 on."""
    known = set(CATALOGUE_TEXTS.findall(re.sub(r'"\n"', "", CATALOGUE.read_text(encoding="utf-8"))))
    for path in SOURCES:
        if path.suffix == ".py" and path.name != "language.py":
            for place, _, texts, _ in python_calls(path):
                written = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts if text is not None]
                assert known.issuperset(written), f"{place}: not in the catalogue"


def test_the_walk_finds_an_f_string(tmp_path, monkeypatch):
    """The test above can fail."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "wrong.py"
    path.write_text('name = 1\ntr(f"There is no {name}.")\n')
    with pytest.raises(AssertionError, match="wrong.py:2"):
        list(python_calls(path))
    path.write_text('tr("There is no {name}.")\n')
    with pytest.raises(AssertionError, match="There is no"):
        test_each_text_is_a_plain_literal_and_has_its_values(path)


def entries() -> list[tuple[list[str], list[str]]]:
    """Return (the English forms, the Russian forms) of each entry of the catalogue that is translated."""
    pofile = pytest.importorskip("babel.messages.pofile")
    with open(CATALOGUE, "rb") as file:
        messages = [message for message in pofile.read_po(file) if message.id and message.string]
    both = [
        ([text] if isinstance(text, str) else list(text))
        for message in messages
        for text in (message.id, message.string)
    ]
    return list(zip(both[::2], both[1::2]))


def test_each_translation_has_the_placeholders_of_its_text():
    names = lambda text: sorted(set(re.findall(r"\{(\w*)", text)))
    printf = lambda text: sorted(re.findall(r"%(?:\(\w+\))?[srd]", text))
    found = entries()
    assert len(found) > 100
    for english, russian in found:
        for text in russian:
            assert names(text) == names(english[-1]), f"{english[-1]!r}: {text!r}"
            assert printf(text) == printf(english[-1]), f"{english[-1]!r}: {text!r}"
            assert text[:1].isspace() == english[-1][:1].isspace(), f"{english[-1]!r}: {text!r}"
            assert text.endswith("\n") == english[-1].endswith("\n"), f"{english[-1]!r}: {text!r}"


def test_nothing_is_left_untranslated(capsys):
    """What `lab translate --check` says."""
    pytest.importorskip("babel")
    from chatlab.translate import bring_up_to_date

    status = bring_up_to_date(only_check=True)
    assert status == 0, capsys.readouterr().out


# The pages

PAGES = [
    *(ROOT / "README.md", ROOT / "stages" / "README.md", *sorted((ROOT / "stages").glob("[0-9][0-9]_*/README.md"))),
    *(path.with_name(path.name.replace(".ru", "")) for path in sorted((ROOT / "docs").glob("*.ru.md"))),
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_has_the_same_headings_in_russian(path):
    """Headings of the same levels in the same order, and as many blocks of code."""
    other = path.with_suffix(".ru.md")
    assert other.exists(), f"{path.relative_to(ROOT)} has no Russian page"
    (levels, fences), (their_levels, their_fences) = outline(path), outline(other)
    assert their_levels == levels and their_fences == fences
    assert is_russian(
        re.sub(r"^```.*?^```|`[^`\n]*`|\(http[^)]*\)", "", other.read_text(encoding="utf-8"), flags=re.M | re.S)
    )


def outline(path: Path) -> tuple[list[int], int]:
    """Return the levels of the headings, and how many blocks of code there are."""
    levels, fences, inside = [], 0, False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
            fences += inside
        elif not inside and (match := re.match(r"(#+) ", line)):
            levels.append(len(match[1]))
    assert not inside, f"{path}: a block of code has no end"
    return levels, fences


# The screens

COMMANDS = (
    "bench carry check demo diff doctor explore grade gradescope hint notebooks replay reset run starters status "
    "stress test trace translate watch"
).replace(" ", "|")
# What is English in every language, and is taken out before English words are looked for.
ENGLISH = [
    (r"`[^`\n]*`", "names and code in backquotes"),
    (
        r'b?"[^"\n]*(\n(?! )[^"\n]*)?"|\bb\'[^\'\n]*\'|"[^"\n]*\.\.\.(?= |$)',
        "what went over the wire, quoted; it may be folded, or be cut at the end of a transcript's column",
    ),
    (r"'[^'\s]*'", "a name that was typed"),
    (r"^ *File #, line \d+, in #?\w*", "a place in Python's own traceback"),
    (r"TODO \d+: .*", "a TODO line of the starter"),
    (r"строка \d+(, в \w+)?:\s.*", "a line of the student's own code"),
    (r"\b\w+(Error|Exception|Interrupt): .*(\n\S.*)?", "an exception in Python's own words; it may be folded"),
    (rf"\blab(\.py)?( --?[\w-]+)*( ({COMMANDS})\b)?( (server|client|--?[\w-]+))*", "a command of the lab"),
    (r"\bpython3? server\.py|\bsudo apt install( [\w.-]+)+|\bpip install|\bgit clone\b|\bexport LANG=\S+", "a command"),
    (r"\[[^\]\n]*\]|\{[^}\n]*\}|--[\w-]+|\b\w+(,\w+){2,}", "options, choices and lists, as they are typed"),
    (r"\b(HOST PORT|tcp://HOST:PORT)\b", "what the programs are given"),
    (r"\b(setup, WORKERS, check)\b", "what a file for the explorer has"),
    (r"\b(ann|bob|eve|max|zoe)\b", "who speaks in the checks"),
    (
        r"\b(client \d+|\w+) (joined|left|is now \w+)\b|\byou (are|said:) .*|\bclient \d+: .*",
        "lines of the chat",
    ),
    (r"\S*[/\\]\S*|\b\w[\w-]*\.\w[\w.]*", "paths, file names, dotted names"),
    (r"\b\w+_\w+\b|\b\w+\([\w.]*\)", "names and calls in code"),
    (r"(?<=[а-яё»`] )\([a-z][a-z -]*\)|(?<=[а-яё] )\((FIN|RST|ACK)\)", "a term in brackets behind the Russian one"),
    (r"\b(VS Code|Visual Studio Code|Windows Terminal|Classroom 50|Python|Debian|Ubuntu|Dask|Jupyter)\b", "names"),
]
# In ideas and hints, which name them one after the other.
CODE = (
    r"\b(accept|args|bind|buffer|data|except|handle|lines|listen|newline|None|OSError|recv|rest|sendall|setsockopt|target|try)\b"
    r"|« ?[a-z :]+»|\bis not\b|\w+(, \w+){2,}|\(\w+, \w+",
    "names in code, and words of it that are quoted",
)
# In the explorer's timeline: `  77  serve       sock, address = listener.accept()`, and what the call gave.
STEP = (r"^ +\d+  [\w-]+ .*$|\b[\w.]+\(([^()]|\([^()]*\))*\)", "a line of the student's own code, and its value")
# In a demo, what a participant types and sees, folded or not: `ann    < you are client 1`. The explorer's are ours.
PARTICIPANT = (
    r"^(?!explorer|исследов)\w+( \d+)? +[<>|] .*(\n {8,10}\S.*)*",
    "what a program writes, or is told",
)


def english_in(text: str, *more: tuple[str, str]) -> list[str]:
    """Return the places where two English words stand beside each other on a line."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    for pattern, _ in [*more, *ENGLISH]:
        text = re.sub(pattern, lambda match: "#" + "\n" * match[0].count("\n"), text, flags=re.M)
    return [line for line in text.splitlines() if re.search(r"\b[A-Za-z]{2,}[ ,;:.!?()«»—–\d-]+[A-Za-z]{2,}\b", line)]


@pytest.mark.parametrize(
    "line",
    [
        "There is no stage: give a number.",
        "  ✓ The sender does not hear itself",
        "Проверка не прошла: the server is silent",
        "Expected: ann hears the line",
        "Этап 01 Echo server  stages/01_echo",
        "использование: lab check [--all] show every result",
        "Подсказка: python3 lab.py hint 1   What comes next: python3 lab.py",
        "  3 ← the server has closed the connection",
        "ValueError: no number\n\nThe thread has ended.",
        '"a line" and\nanother was lost',
    ],
)
def test_an_english_sentence_is_found(line):
    assert english_in(line)


@pytest.mark.parametrize(
    "line",
    [
        "  ✗ `python server.py HOST PORT` слушает по этому адресу и сообщает об этом",
        "  TODO 1: make a TCP socket, let it reuse its address, bind it, make it listen",
        'Ожидалось: ann видит "you are client 1"',
        "  serve в accept, строка 125: connection, address = listener.accept()",
        "0 баллов из 14. Подсказка: python3 lab.py hint 4   Снова: python3 lab.py check 4",
        "использование: lab run [-h] ЭТАП {server,client} [HOST PORT ...]",
        "Читайте: stages/01_echo/README.ru.md, «Шаги»",
        "Это гонка (race): потерянное обновление (lost update).",
        "    client 1 joined",
        'ждала строку "error:\nunknown command /nickname".',
        '    7                         → "and number 0 is what I  ... is what I \\r...',
        "поток закончился: UnicodeDecodeError: 'utf-8' codec can't\ndecode byte 0xff",
    ],
)
def test_what_must_be_english_is_let_through(line):
    assert not english_in(line)


def assert_russian(text: str, *more: tuple[str, str]) -> None:
    found = english_in(text, *more)
    assert not found, "English is left:\n" + "\n".join(found)
    assert re.search("[а-яё]{3}", text.lower()), f"nothing Russian at all:\n{text}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Lab:
    """A copy of the lab that speaks Russian."""
    lab = Lab(tmp_path_factory.mktemp("russian") / "lab")
    lab.environment |= {"LAB_LANG": "ru", "COLUMNS": "200"}
    return lab


@pytest.fixture
def fresh_lab(tmp_path) -> Lab:
    """One whose files may be changed."""
    lab = Lab(tmp_path / "lab")
    lab.environment |= {"LAB_LANG": "ru", "COLUMNS": "200"}
    return lab


def test_status_and_a_complete_stage(fresh_lab):
    """Where the student is at first and later, what was learned, and what a carry and a reset say."""
    assert_russian(fresh_lab(), CODE)
    fresh_lab.solve("01_echo")
    assert_russian(fresh_lab("check", "1"))
    assert_russian(fresh_lab("status"), CODE)
    for arguments in (("carry", "1"), ("hint", "1"), ("reset", "1"), ("reset", "1"), ("starters",)):
        assert_russian(fresh_lab(*arguments))


@pytest.mark.parametrize("stage", STAGES)
def test_check_of_a_starter(lab, stage):
    assert_russian(lab("check", str(stage), status=1))


@pytest.mark.parametrize("stage", [1, 4])
def test_check_of_a_solution(lab, stage):
    """A complete stage that is not the student's own: every title."""
    assert_russian(lab("check", str(stage), "--work", "solutions"))


MISTAKES = [sorted(folder.glob("*.py")) for folder in sorted((ROOT / "tests" / "mistakes").glob("[0-9][0-9]_*"))]
SOME = [path for paths in MISTAKES for path in paths[:: max(1, len(paths) // 2)][:2]]


@pytest.mark.parametrize("path", SOME, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_check_of_a_mistake(lab, tmp_path, path):
    """What a wrong program is told, from the title to the transcript; all of a stage's checks, passed or not."""
    folder = tmp_path / path.parent.name
    shutil.copytree(ROOT / "solutions" / path.parent.name, folder)
    shutil.copyfile(path, folder / re.search(r"^# file: (.+)$", path.read_text(encoding="utf-8"), re.M)[1])
    assert_russian(lab("check", folder.name[:2], "--work", str(tmp_path), status=1))


def test_hints_as_the_command_shows_them(lab):
    """From the first to the last, and what stands around them."""
    for _ in load_stages()[0].hints[1]:
        assert_russian(lab("hint", "1"), CODE)
    assert_russian(lab("hint", "1", "2"), CODE)


@pytest.mark.parametrize("number", STAGES)
def test_all_that_is_told_of_a_stage(russian, number):
    """Its title, its idea, what was learned, and every hint."""
    stage = load_stages()[number - 1]
    for text in (stage.title, stage.idea, stage.learned, *(hint for hints in stage.hints.values() for hint in hints)):
        assert_russian(text, CODE)


@pytest.mark.parametrize(
    "arguments",
    [
        *[("check", "zz"), ("hint", "1", "99"), ("hint",), ("hint", "1", "x"), ("run", "1", "nothing"), ("watch",)],
        *[("carry", "10"), ("carry", "1"), ("check", "1", "--work", "nowhere"), ("explore", "nowhere.py")],
        *[("explore", "4", "--delays", "-1"), ("replay", "nowhere.json"), ("trace", "nowhere.py")],
        *[
            ("grade", "nowhere", "--out", "report"),
            ("grade", "stages"),
            ("grade", "stages", "--out", "pyproject.toml/x"),
        ],
        *[("--nonsense",), ("status", "--lang"), ("demo", "zz")],
    ],
    ids=" ".join,
)
def test_what_a_wrong_command_is_told(lab, arguments):
    assert_russian(lab(*arguments, status=2))


def helps() -> list[str]:
    """Return the names of all commands but test, which gives --help to pytest."""
    from chatlab.cli import make_parser

    (commands,) = (action for action in make_parser()._actions if action.choices and action.dest != "lang")
    return ["", *(name for name in commands.choices if name != "test")]


@pytest.mark.parametrize("name", helps())
def test_every_help(lab, name):
    printed = lab(*filter(None, [name]), "--help")
    assert_russian(printed)


@pytest.mark.parametrize("stage", STAGES)
def test_demo(lab, stage):
    assert_russian(lab("demo", str(stage)), PARTICIPANT)


def test_doctor(lab):
    assert_russian(lab("doctor"))


@pytest.mark.parametrize("stage", STAGES)
def test_trace(lab, tmp_path, stage):
    """A sequence diagram; on the screen and in the picture."""
    folder = find_stage(str(stage)).folder
    out = tmp_path / "picture.svg"
    assert_russian(lab("trace", f"solutions/{folder}/server.py", "--svg", str(out)))
    assert not english_in(text_of(out.read_text(encoding="utf-8")))


def test_explore_and_replay(lab, tmp_path):
    """A race is found, told, drawn, and run again."""
    folder = tmp_path / "04_registry"
    folder.mkdir()
    shutil.copyfile(ROOT / "tests" / "mistakes" / "04_registry" / "number_is_len.py", folder / "server.py")
    page = tmp_path / "race.html"
    printed = lab("explore", str(folder / "server.py"), "--html", str(page), status=1)
    assert_russian(printed, STEP)
    assert not english_in(text_of(page.read_text(encoding="utf-8")))
    saved = re.search(r"replay (\S+\.json)", printed)[1]
    assert_russian(lab("replay", saved, status=1), STEP)
    assert_russian(lab("explore", "solutions/04_registry/server.py"))


@pytest.mark.skipif(os.name == "nt", reason="grading in isolation is for Linux and macOS")
def test_grade(lab, tmp_path):
    """What the command prints, the pages, and what a student reads in another system."""
    pytest.importorskip("jinja2")
    submissions, out = tmp_path / "handed in", tmp_path / "report"
    shutil.copytree(ROOT / "solutions" / "01_echo", submissions / "ann" / "01_echo")
    shutil.copytree(ROOT / "stages" / "01_echo", submissions / "bob" / "01_echo")
    (submissions / "bob" / "01_echo" / "link").symlink_to("/etc")
    (submissions / "eve").mkdir()
    shutil.copyfile(ROOT / "lab.py", submissions / "eve" / "server.py")
    assert_russian(lab("grade", str(submissions), "--out", str(out), "--stages", "1-2"))
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert '<html lang="ru">' in text
        assert_russian(text_of(text))
    for path in out.glob("students/*/results.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        told = [content["output"], *(test[key] for test in content["tests"] for key in ("name", "output"))]
        assert_russian("\n".join(told))


def text_of(page: str) -> str:
    """Return what is read on a page or a picture."""
    page = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.S)
    page = re.sub(r"<code>(.*?)</code>", r"`\1`", page)
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def test_watch(russian, tmp_path, monkeypatch):
    """The screen with a failing starter, with a hint, with the list of stages, and with a complete stage."""
    from textual.widgets import Static

    from chatlab import stages
    from chatlab.watch import Watch

    folder = tmp_path / "stages"
    shutil.copytree(ROOT / "stages", folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(stages, "WORK", folder)
    monkeypatch.setattr(stages, "STATE", tmp_path / "state")
    seen = []

    async def run() -> None:
        app = Watch(find_stage("1"))

        def look() -> None:
            lines = ["".join(segment.text for segment in line) for line in app.screen._compositor.render_strips()]
            seen.append("\n".join([*lines, str(app.screen_stack[0].query_one("#text", Static).content)]))

        async with app.run_test(size=(80, 24)) as pilot:
            await asyncio.wait_for(app.concluded.wait(), 60)
            await pilot.pause()
            look()
            for key in ("n", "h", "s"):
                await pilot.press(key)
                await pilot.pause()
                look()
            await pilot.press("escape")
            app.concluded.clear()
            for file in stages.FILES:
                shutil.copyfile(stages.SOLUTIONS / "01_echo" / file, folder / "01_echo" / file)
            while not app.board.complete:
                await asyncio.wait_for(app.concluded.wait(), 60)
                await pilot.pause()
            await app.workers.wait_for_complete([worker for worker in app.workers if worker.group == "runs"])
            look()
            await pilot.press("q")

    asyncio.run(run())
    for screen in seen:
        assert_russian(screen)


def test_both_languages_are_there():
    assert languages() == ["en", "ru"]
    assert spoken() == "en", "the tests compare with English texts"
    assert tr("options") == "options"
    assert language.FOLDER == FOLDER
