"""The language in which the lab speaks.

The texts stand in the source, in English, each in a call of `tr` or `tr_n`, or marked by `mark`. Other languages are
gettext catalogues in chatlab/locale, one for the whole lab; `lab translate` brings them up to date.
"""

from __future__ import annotations

import errno
import gettext
import os
import string
import sys
from pathlib import Path

FOLDER = Path(__file__).with_name("locale")
DOMAIN = "chatlab"
ENGLISH = "en"

_spoken = ENGLISH
_catalogue: gettext.NullTranslations | None = None


def languages() -> list[str]:
    """Return the languages that there are, such as "en" and "ru"."""
    return [ENGLISH, *sorted(path.parents[1].name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))]


def choose(name: str | None = None) -> str:
    """Speak the language of this name from now on, and so does every process started after that; returns its name.

    Without a name: that of LAB_LANG, then the reader's own as far as the system tells, then English. Raises ValueError
    for a language that there is not.
    """
    global _spoken, _catalogue
    if wanted := name or os.environ.get("LAB_LANG"):
        if wanted not in languages():
            raise ValueError(f"There is no language {wanted!r}. There are: {', '.join(languages())}.")
    else:
        wanted = next((language for language in _of_the_system() if language in languages()), ENGLISH)
    _spoken = wanted
    _catalogue = gettext.translation(DOMAIN, FOLDER, [wanted], fallback=True)
    os.environ["LAB_LANG"] = os.environ["LANGUAGE"] = wanted
    gettext.bindtextdomain(DOMAIN, FOLDER)  # argparse takes its own words from there
    gettext.textdomain(DOMAIN)
    return wanted


def spoken() -> str:
    """Return the name of the language that is spoken."""
    return _spoken if _chosen() else ENGLISH


def tr(text: str, /, **values: object) -> str:
    """Return the text in the language that is spoken; {name} stands for the value of that name."""
    text = _chosen().gettext(text)
    return _FORMATTER.vformat(text, (), values) if values else text


def tr_n(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the text for so many, which is {number} in it; a language may have more forms than these two."""
    return _FORMATTER.vformat(_chosen().ngettext(one, many, number), (), {"number": number, **values})


def amount(value: float, spec: str = ",") -> str:
    """Return the number as `format` shows it, its thousands set apart as the language that is spoken does that."""
    between = tr("1,000")[1:-3]  # how a thousand is written there
    return format(value, spec).replace(",", between)


class _Formatter(string.Formatter):
    def format_field(self, value: object, spec: str) -> str:
        return amount(value, spec) if "," in spec else super().format_field(value, spec)


_FORMATTER = _Formatter()


def mark(text: str) -> str:
    """Return the text as it is: it is to be found in the catalogue, and translated where it is shown."""
    return text


def page(path: Path) -> Path:
    """Return the page in the language that is spoken, README.ru.md for README.md; the English one if there is none."""
    other = path.with_suffix(f".{spoken()}{path.suffix}")
    return other if other.exists() else path


def _chosen() -> gettext.NullTranslations:
    if _catalogue is None:
        try:
            choose()
        except ValueError:  # whoever starts the command hears of it; here it must not stand in the way
            choose(ENGLISH)
    return _catalogue


def _of_the_system() -> list[str]:
    """Return the reader's languages, the dearest first, as the system's settings tell them."""
    settings = [os.environ.get(name, "") for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")]
    if sys.platform == "win32":
        import ctypes
        import locale

        settings.append(locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), ""))
    first = next((setting for setting in settings if setting), "")  # as gettext reads them: the first that is set
    return [language.split("_")[0].split(".")[0] for language in first.split(":")]


def error_text(error: OSError) -> str:
    """Return what the system says about an error; the commonest in the language that is spoken."""
    known = {
        errno.ENOENT: tr("there is no such file"),
        errno.EACCES: tr("permission denied"),
        errno.EADDRINUSE: tr("the address is in use"),
        errno.EADDRNOTAVAIL: tr("this machine has no such address"),
        errno.ENOSPC: tr("the disk is full"),
        errno.EISDIR: tr("it is a folder"),
        errno.ENOTDIR: tr("a part of the path is no folder"),
        errno.EEXIST: tr("it exists already"),
        errno.ECONNREFUSED: tr("the connection was refused"),
        errno.ETIMEDOUT: tr("no answer came in time"),
    }
    return known.get(error.errno) or error.strerror or str(error) or type(error).__name__


def cannot_write(path: object, error: OSError) -> str:
    """Return the sentence for a place that was given on the command line, and where nothing can be written."""
    return tr("cannot write {path}: {reason}; give another place", path=path, reason=error_text(error))


# What argparse says, in Python 3.10 to 3.13: it looks these up in our catalogue.
_ARGPARSE = [
    *(mark("usage: "), mark("options"), mark("positional arguments"), mark("subcommands")),
    mark("show this help message and exit"),
    mark("the following arguments are required: %s"),
    mark("one of the arguments %s is required"),
    mark("unrecognized arguments: %s"),
    mark("argument %(argument_name)s: %(message)s"),
    mark("invalid choice: %(value)r (choose from %(choices)s)"),
    mark("invalid %(type)s value: %(value)r"),
    mark("expected one argument"),
    mark("expected at most one argument"),
    mark("expected at least one argument"),
    mark("not allowed with argument %s"),
    mark("ignored explicit argument %r"),
    mark("%(prog)s: error: %(message)s\n"),
]
