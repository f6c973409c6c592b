"""The doctor: a healthy machine has nothing to complain of, and each trouble is told with what to do."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chatlab import doctor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A checkout of its own, as far as the doctor looks at one."""
    for folder in ("stages/01_echo", "solutions", "tests/stages"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "stages" / "stages.toml").write_text("")
    (tmp_path / "stages" / "01_echo" / "server.py").write_text("print('здравствуйте')\n", encoding="utf-8")
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    return tmp_path


def test_a_healthy_machine():
    """Nothing wrong: status 0, and every line says that it is well, or what to do."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    result = subprocess.run(
        [sys.executable, "-S", "-m", "chatlab", "doctor"], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "✗" not in result.stdout and "Nothing stands in the way." in result.stdout


def test_what_is_wrong_ends_with_status_1(lab, capsys):
    (lab / "stages" / "stages.toml").unlink()
    assert doctor.examine() == 1
    assert "the lab's folder lacks stages/stages.toml" in capsys.readouterr().out


def test_files_that_python_cannot_read(lab):
    path = lab / "stages" / "01_echo" / "server.py"
    assert [finding.state for finding in doctor.files()] == ["well"]
    path.write_bytes("print('да')\n".encode("cp1251"))
    assert [finding.text for finding in doctor.files()] == ["stages/01_echo/server.py is not UTF-8"]
    path.write_bytes("print(1)\n".encode("utf-16-le"))
    assert "zero bytes" in next(doctor.files()).text


def test_a_file_that_hides_a_module(lab):
    (lab / "stages" / "01_echo" / "socket.py").write_text("")
    assert any("hides Python's own module" in finding.text for finding in doctor.files())


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who holds a port")
def test_a_port_that_is_taken():
    """The port is named, and the process that holds it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        finding = doctor.port(number)
        assert finding.state == "note" and f"port {number} cannot be used: the address is in use" in finding.text
        assert f"Process {os.getpid()} holds it" in finding.advice and str(number + 1) in finding.advice
    assert doctor.port(number).state == "well"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux shows processes like this")
def test_a_server_that_still_runs(lab):
    """A program of the lab's that runs in the background is told with its number; once it has ended, it is not."""
    folder = lab / "stages" / "01_echo"
    (folder / "server.py").write_text("print('on', flush=True)\ninput()\n")
    command = [sys.executable, "server.py"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "on\n"
        found = [finding for finding in doctor.leftovers() if finding.advice.endswith(f"kill {process.pid}")]
        process.stdin.write("\n")
    assert [finding.text for finding in found] == ["server.py of stages/01_echo still runs"]
    assert not any(str(process.pid) in finding.advice for finding in doctor.leftovers())


def test_a_terminal_without_our_letters():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "LAB_LANG": "en"}
    result = subprocess.run(
        [sys.executable, "-m", "chatlab", "doctor"], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert "ok Python" in result.stdout and "it lacks letters that the lab shows" in result.stdout


def test_what_is_installed(lab):
    """Not installed yet is well; half installed is not."""
    assert doctor.environment().state == "well"
    packages = lab / ".venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (lab / ".venv" / "chatlab-ready").write_text("x")
    finding = doctor.environment()
    assert finding.state == "wrong" and "pytest" in finding.text
    for name in ("pytest", "rich", "textual", "watchfiles"):
        (packages / name).mkdir()
    assert doctor.environment().state == "well"
