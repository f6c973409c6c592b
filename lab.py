#!/usr/bin/env python3
"""Run the lab's tool: python3 lab.py COMMAND.

The first use makes .venv beside this file and installs what the tool needs there; nothing else on the machine changes.
`python3 lab.py demo` needs nothing but Python.
"""

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "chatlab-ready")  # written last: a half-made .venv is made again
NEEDS_NOTHING = ("demo", "doctor")
# What a command needs beyond the rest, installed on its first use.
EXTRAS = {"bench": "bench", "grade": "grade", "notebooks": "notebooks", "test": "test", "translate": "test"}


def main():
    sys.path.insert(0, ROOT)
    sys.dont_write_bytecode = True
    if sys.version_info < (3, 10):
        try:
            from chatlab.language import tr
        except (ImportError, SyntaxError):  # too old even for that: in English, then
            tr = str
        told = tr("chatlab needs Python 3.10 or newer; this is %d.%d. Try: python3.12 lab.py")
        sys.exit(told % sys.version_info[:2])
    from chatlab.cli import main as tool
    from chatlab.cli import speak

    speak(sys.argv[1:])
    word = command_in(sys.argv[1:])
    if word in NEEDS_NOTHING:
        sys.exit(tool())
    prepare(word, EXTRAS.get(word))
    command = [PYTHON, "-m", "chatlab", *sys.argv[1:]]
    environment = {**os.environ, "PYTHONPATH": ROOT}
    if os.name == "nt":  # exec there would give the prompt back before the tool has ended
        try:
            sys.exit(subprocess.call(command, env=environment))
        except KeyboardInterrupt:
            sys.exit(130)
    os.execve(PYTHON, command, environment)


def command_in(arguments):
    """Return the command: the first word that is no option, nor what --lang is given."""
    words = [word for place, word in enumerate(arguments) if not (place and arguments[place - 1] == "--lang")]
    return next((word for word in words if not word.startswith("-")), "")


def prepare(word, extra):
    """Make .venv with what pyproject.toml asks for, and for this extra, unless it is there already."""
    from chatlab.language import tr

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    ready = []
    try:
        with open(STAMP, encoding="utf-8") as file:
            ready = file.read().split()
    except OSError:
        pass
    if ready[:1] != [wanted] or not os.path.exists(PYTHON):
        print(tr("Preparing .venv (once; about ten seconds) ..."), file=sys.stderr, flush=True)
        failed = tr("Could not make .venv. On Debian and Ubuntu: sudo apt install python3-venv")
        run([sys.executable, "-m", "venv", "--clear", VENV], failed)
        ready = [wanted]
        install(ROOT, ready)
    if extra and extra not in ready:
        told = tr("Installing what `{command}` needs (once; about half a minute) ...", command=word)
        print(told, file=sys.stderr, flush=True)
        ready.append(extra)
        install("%s[%s]" % (ROOT, extra), ready)


def install(what, ready):
    """Install this, and note down what is ready then."""
    from chatlab.language import tr

    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", what]
    run(pip, tr("Could not install what the tool needs. Is this machine online?"))
    with open(STAMP, "w", encoding="utf-8") as file:
        file.write(" ".join(ready))


def run(command, failed):
    from chatlab.language import tr

    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if result.returncode:
        again = tr("Then run this command again.")
        sys.exit("%s\n%s %s" % (result.stdout.strip()[-1500:], failed, again))


if __name__ == "__main__":
    main()
