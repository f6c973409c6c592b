"""What a submission may try, each tried: it gets the grade it deserves, with the reason, and leaves nothing behind."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from chatlab.grading import grade as grading
from chatlab.grading import sandbox, submissions

ROOT = Path(__file__).resolve().parents[2]
ECHO = ROOT / "solutions" / "01_echo"
SERVER = (ECHO / "server.py").read_text(encoding="utf-8")
CLIENT = (ECHO / "client.py").read_text(encoding="utf-8")
RACY = ROOT / "tests" / "mistakes" / "04_registry" / "number_is_len.py"
SILENT = """
def serve(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            while connection.recv(4096):
                pass


def main():
    pass


if __name__ == "__main__":
    main()
"""  # answers nothing: whatever it says of itself, it earns nothing for echoing

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.name == "nt", reason="grading in isolation is for Linux and macOS"),
]
shut_in = pytest.mark.skipif(sandbox.best_way() != "namespaces", reason="this machine lets nobody make namespaces")


@pytest.fixture
def grade(tmp_path, monkeypatch):
    """Grade what was handed in, and prove that nothing is left of it: no process, no file."""
    temporary = tmp_path / "temporary"
    temporary.mkdir(mode=0o755)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    handed_in = tmp_path / "handed-in"
    handed_in.mkdir()

    def run(make, *stages: int) -> grading.Record:
        make(handed_in)
        before = listing(handed_in)
        options = grading.Options(stages=stages or (1,), hide=(str(handed_in),))
        with ThreadPoolExecutor(1) as executor:
            records = list(grading.grade(submissions.find(handed_in), tmp_path / "records", options, executor))
        assert len(records) == 1
        assert listing(handed_in) == before, "what was handed in has changed"
        assert list(temporary.iterdir()) == [], "a file was left behind"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["handed-in", "records", "temporary"]
        assert not [process for process in psutil.process_iter() if is_in(process, temporary)], "a process was left"
        assert grading.Record.read(tmp_path / "records" / f"{records[0].file_name}.json") == records[0]
        return records[0]

    return run


def listing(folder: Path) -> list[str]:
    return sorted(os.fsencode(path).decode("latin-1") for path in folder.rglob("*"))


def is_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd().startswith(str(folder)) or any(str(folder) in part for part in process.cmdline())
    except (psutil.Error, OSError):
        return False


def with_server(text: str, folder: str = "01_echo", client: str = CLIENT):
    """Hand in a folder with this server.py."""

    def make(handed_in: Path) -> None:
        work = handed_in / "s001" / folder
        work.mkdir(parents=True)
        (work / "server.py").write_text(text, encoding="utf-8")
        (work / "client.py").write_text(client, encoding="utf-8")

    return make


def first_reason(record: grading.Record) -> tuple[str, str]:
    failed = next(check for check in record.checks if check.status == "failed")
    return failed.cause, failed.message


# At import: the server never gets as far as to be checked, and is told why

AT_IMPORT = {
    "infinite_loop": ("while True: pass\n", "import-hangs"),
    "ends_the_process": ("import os\nos._exit(0)\n", "process-ended"),
    "sys_exit": ("import sys\nsys.exit(0)\n", "exit-at-import"),
    "memory_bomb": ("x = bytearray(100 * 1024**3)\n", "import-error"),
    "fills_the_disk": (
        "import os\n"
        "for number in range(1000):\n"
        "    with open(f'fill{number}', 'wb') as file:\n"
        "        file.write(bytes(8_000_000))\n"
        "        os.fsync(file)\n",
        "import-error",
    ),
    "huge_file": ("with open('huge', 'wb') as file:\n    file.write(bytes(100_000_000))\n", "import-error"),
    "too_many_files": ("import os\nheld = [os.open('.', 0) for _ in range(100_000)]\n", "import-error"),
    "deep_recursion": ("def f(): f()\nf()\n", "import-error"),
    "closes_every_file": ("import os\nos.closerange(0, 1000)\n", "process-ended"),
}


@pytest.mark.parametrize("name", AT_IMPORT)
def test_at_import(name, grade):
    if name == "fills_the_disk" and sandbox.best_way() != "namespaces":
        pytest.skip("without namespaces no size limits a folder")
    text, cause = AT_IMPORT[name]
    record = grade(with_server(text + SERVER, client=text + CLIENT))
    got, message = first_reason(record)
    assert got == cause and len(message) > 20, message
    assert record.earned == 0


def test_kills_its_parent(grade):
    record = grade(with_server("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + SERVER))
    if record.isolation == "namespaces":  # in there it has no parent, and as the first process it cannot kill itself
        assert record.earned == record.most
    else:
        assert first_reason(record)[0] == "process-ended"


@shut_in
def test_fork_bomb_at_import(grade):
    record = grade(with_server("import os\nwhile True:\n    os.fork()\n" + SERVER))
    assert record.checks[0].status == "failed" and record.earned < record.most / 2


@shut_in
def test_fork_bomb_when_a_client_comes(grade):
    bomb = SILENT.replace("    while True:", "    import os\n    while True:", 1).replace(
        "            while connection",
        "            while True:\n                os.fork()\n            while connection",
    )
    record = grade(with_server(bomb))
    assert {check.name: check.status for check in record.checks}["hello"] != "passed"


def test_memory_taken_bit_by_bit(grade):
    greedy = SERVER.replace("def serve(", "held = []\n\n\ndef serve(", 1)
    greedy = greedy.replace(
        "connection.recv(", "(held.extend(bytearray(10_000_000) for _ in range(400)), connection)[1].recv("
    )
    assert greedy.count("held") == 2
    record = grade(with_server(greedy))
    hello = next(check for check in record.checks if check.name == "hello")
    assert hello.status == "failed" and hello.message


def test_a_gigabyte_of_output(grade):
    loud = SERVER.replace(
        "def main(", "def main():\n    while True:\n        print('x' * 1000)\n\n\ndef quiet_main(", 1
    )
    record = grade(with_server(loud))
    reasons = {check.cause for check in record.checks if check.status == "failed"}
    assert "too-much-output" in reasons
    assert {check.name: check.status for check in record.checks}["hello"] == "passed"  # serve itself is right


def test_ignores_the_signals_that_end_it(grade):
    deaf = (
        "import signal\n"
        "for name in ('SIGTERM', 'SIGINT', 'SIGHUP'):\n"
        "    signal.signal(getattr(signal, name), signal.SIG_IGN)\n"
    )
    record = grade(with_server(deaf + SERVER))
    assert {check.name: check.status for check in record.checks}["hello"] == "passed"


def test_leaves_a_daemon(grade):
    daemon = (
        "import os, subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)', os.getcwd()],\n"
        "                 start_new_session=True, cwd='/')\n"
    )
    record = grade(with_server(daemon + SERVER))
    assert {check.name: check.status for check in record.checks}["hello"] == "passed"


# Lies: a server that echoes nothing, and says otherwise. Nothing of what it claims earns a point.

LIES = {
    "patches_the_checks": (
        "import sys\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if name.startswith('chatlab'):\n"
        "        for key, value in list(vars(module).items()):\n"
        "            if callable(value) and not isinstance(value, type):\n"
        "                setattr(module, key, lambda *a, **k: None)\n"
    ),
    "patches_pytest": (
        "import sys\n"
        "sys.modules['pytest'] = None\n"
        "import _pytest.runner, _pytest.outcomes\n"
        "_pytest.runner.check_interactive_exception = lambda *a: False\n"
        "_pytest.outcomes.fail = lambda *a, **k: None\n"
    ),
    "patches_assert": "import builtins\nbuiltins.AssertionError = type('Never', (Exception,), {})\n",
    "patches_time": "import time\ntime.monotonic = time.time = lambda: 0.0\ntime.sleep = lambda seconds: None\n",
    "patches_socket": (
        "import socket\n"
        "for name in ('recv', 'send', 'sendall', 'accept', 'close'):\n"
        "    setattr(socket.socket, name, lambda self, *a, **k: b'')\n"
    ),
    "prints_forged_results": (
        "import json, sys\n"
        "for name in ('hello', 'megabyte', 'again_and_again'):\n"
        "    print(json.dumps({'kind': 'result', 'name': name, 'status': 'passed', 'points': 99}), flush=True)\n"
        "print('18 passed in 0.01s', file=sys.stderr)\n"
    ),
    "writes_forged_results": (
        "import json, pathlib\n"
        "for where in ('.', '..', '../..', '../../..', '/autograder/results', '/tmp', pathlib.Path.home()):\n"
        "    for name in ('results.json', 'result.json', 'records/s001.json'):\n"
        "        try:\n"
        "            (pathlib.Path(where) / name).write_text(json.dumps({'score': 1000}))\n"
        "        except OSError:\n"
        "            pass\n"
    ),
    "answers_for_the_harness": (
        "import os, stat\n"
        "for number in range(3, 64):\n"
        "    try:\n"
        "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n"
        "            os.write(number, b'{\"result\": true}\\n' * 100)\n"
        "    except OSError:\n"
        "        pass\n"
    ),
    "answers_nonsense": (
        "import os, stat\n"
        "for number in range(3, 64):\n"
        "    try:\n"
        "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n"
        "            os.write(number, b'\\xff\\x00 no JSON\\n')\n"
        "    except OSError:\n"
        "        pass\n"
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_lies(name, grade):
    record = grade(with_server(LIES[name] + SILENT))
    status = {check.name: check.status for check in record.checks}
    assert not [name for name, got in status.items() if got == "passed" and "client" not in name], status
    cause, message = first_reason(record)
    assert cause and message


@shut_in
def test_reads_the_solutions(grade):
    thief = f"exec(open({str(ECHO / 'server.py')!r}).read())\n"
    record = grade(with_server(thief))
    assert first_reason(record)[0] == "import-error" and "FileNotFoundError" in first_reason(record)[1]
    assert record.earned == 0


@shut_in
def test_reads_what_others_handed_in(grade):
    def make(handed_in: Path) -> None:
        with_server(f"import os\nraise SystemError(os.listdir({str(handed_in)!r}))\n")(handed_in)

    assert "FileNotFoundError" in first_reason(grade(make))[1]


@shut_in
def test_reaches_the_network(grade):
    """A listener of the machine's own is out of reach."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as machine:
        port = machine.getsockname()[1]
        text = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)\n"
        record = grade(with_server(text + SERVER))
        assert "ConnectionRefusedError" in first_reason(record)[1]


def test_sees_no_secret(grade, monkeypatch):
    monkeypatch.setenv("COURSE_TOKEN", "secret")
    text = "import os\nif 'COURSE_TOKEN' in os.environ: raise SystemError('I know it')\n"
    record = grade(with_server(text + SERVER))
    assert record.earned == record.most


def test_switches_the_explorer_off(grade):
    """A server with a race that makes the explorer in its process find nothing: a race that is known tells."""
    off = (
        "import sys\n"
        "if 'chatlab.explorer.search' in sys.modules:\n"
        "    from chatlab.explorer import search, simulate\n"
        "    search.Verdict.holds = property(lambda self: True)\n"
    )
    record = grade(with_server(off + RACY.read_text(encoding="utf-8"), "04_registry"), 4)
    races = [check for check in record.checks if check.name == "two_join_at_once"]
    assert races[0].status != "passed", races[0]


# What is handed in


def zipped(**files: bytes):
    def make(handed_in: Path) -> None:
        with zipfile.ZipFile(handed_in / "s001.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)

    return make


def zip_bomb(handed_in: Path) -> None:
    zipped(**{"01_echo/server.py": bytes(200_000_000)})(handed_in)


def many_files(handed_in: Path) -> None:
    zipped(**{f"01_echo/{number}": b"" for number in range(20_000)})(handed_in)


def not_a_zip(handed_in: Path) -> None:
    (handed_in / "s001.zip").write_bytes(b"PK\3\4 and no more")


def cut_tar(handed_in: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(ECHO / "server.py", "01_echo/server.py")
    (handed_in / "s001.tar.gz").write_bytes(packed.getvalue()[:300])


def another_kind(handed_in: Path) -> None:
    (handed_in / "s001.rar").write_bytes(b"Rar!")


def no_files(handed_in: Path) -> None:
    (handed_in / "s001").mkdir()


def a_link(handed_in: Path) -> None:
    (handed_in / "s001").symlink_to(ROOT / "solutions")


def stage_is_a_file(handed_in: Path) -> None:
    (handed_in / "s001").mkdir()
    (handed_in / "s001" / "01_echo").write_text(SERVER, encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (zip_bomb, "more than 16 MB"),
        (many_files, "more than 1,000 files"),
        (not_a_zip, "cannot be unpacked"),
        (cut_tar, "cannot be unpacked"),
        (another_kind, "neither a folder nor a .zip nor a .tar.gz"),
        (no_files, "No stage's folder, such as 01_echo"),
        (a_link, "a symbolic link"),
        (stage_is_a_file, "01_echo is a file"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_cannot_be_graded(make, why, grade):
    record = grade(make)
    assert why in record.notes[0] and record.notes[0].endswith(".")
    assert record.earned == 0 and record.most > 0
    assert {check.cause for check in record.checks} == {"not-handed-in"}


def test_names_that_lead_out(grade):
    def make(handed_in: Path) -> None:
        evil = {"../../evil.py": b"x", "/tmp/evil.py": b"x", "01_echo/../../evil.py": b"x", "C:\\evil.py": b"x"}
        good = {"01_echo/server.py": SERVER.encode(), "01_echo/client.py": CLIENT.encode()}
        zipped(**evil, **good)(handed_in)

    record = grade(make)
    assert sum("leads out of the archive" in note for note in record.notes) == 4
    assert record.earned == record.most


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_links_out(kind, grade):
    """A link to the solution in place of a file: left out, and so there is no such file."""

    def make(handed_in: Path) -> None:
        work = handed_in / "s001" / "01_echo"
        work.mkdir(parents=True)
        (work / "server.py").symlink_to(ECHO / "server.py")
        (work / "more").symlink_to("/etc")
        os.mkfifo(work / "pipe")
        (work / "client.py").write_text(CLIENT, encoding="utf-8")
        if kind == "tar":
            with tarfile.open(handed_in / "s001.tar.gz", "w:gz") as archive:
                archive.add(handed_in / "s001", "s001")
            shutil.rmtree(handed_in / "s001")

    record = grade(make)
    assert len(record.notes) == 3 and all("was left out" in note for note in record.notes)
    assert first_reason(record)[0] == "no-file"
    assert record.earned < record.most


@pytest.mark.skipif(os.uname().sysname == "Darwin" if os.name != "nt" else True, reason="macOS forbids such names")
def test_names_that_are_no_text(grade):
    def make(handed_in: Path) -> None:
        work = Path(os.fsdecode(os.fsencode(handed_in) + b"/stud\xff")) / "01_echo"
        shutil.copytree(ECHO, work)
        Path(os.fsdecode(os.fsencode(work) + b"/no\xfe.txt")).write_bytes(b"")

    record = grade(make)
    assert record.earned == record.most
    assert record.file_name.isascii()


def test_one_folder_down_and_mac_leavings(grade):
    def make(handed_in: Path) -> None:
        good = {f"my-lab/01_echo/{name}.py": text.encode() for name, text in (("server", SERVER), ("client", CLIENT))}
        zipped(**good, **{"__MACOSX/my-lab/01_echo/._server.py": b"\0", "my-lab/.DS_Store": b"\0"})(handed_in)

    record = grade(make)
    assert record.earned == record.most and not record.notes


def test_files_without_permissions(grade):
    def make(handed_in: Path) -> None:
        with_server(SERVER)(handed_in)
        (handed_in / "s001" / "01_echo" / "server.py").chmod(stat.S_IRUSR)

    assert grade(make).earned > 0
