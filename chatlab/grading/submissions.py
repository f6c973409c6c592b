"""What was handed in: folders, zips and tars, taken in without trust, and packed again with the stages' files alone."""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..language import tr
from ..stages import load_stages

MOST_BYTES = 16 * 1024**2  # of all files together, unpacked
MOST_FILES = 1_000
ARCHIVES = (".zip", ".tar.gz", ".tgz")
STAGE = re.compile(r"(\d\d)_\w+")


class Refused(Exception):
    """A submission that cannot be graded; the text says why, in a sentence for the student."""


@dataclass(frozen=True)
class Submission:
    """One student's: a name, and where it lies."""

    name: str
    path: Path

    @property
    def file_name(self) -> str:
        """The name as it can stand in any file system, different from that of any other name."""
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", self.name).strip(".") or "_"
        if plain == self.name and len(plain) < 100:
            return plain
        return f"{plain[:80]}-{hashlib.sha256(os.fsencode(self.name)).hexdigest()[:8]}"


@dataclass
class Content:
    """The files of the stages, packed as a tar, and what was left out of it, in sentences."""

    packed: bytes
    stages: list[int]
    notes: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.packed).hexdigest()


def find(folder: Path) -> list[Submission]:
    """Return every submission in the folder: all in it but hidden files. Raises ValueError where there is none."""
    if not folder.is_dir():
        raise ValueError(
            tr(
                "There is no folder {folder}: give the one in which each submission is a folder, zip or tar.gz.",
                folder=folder,
            )
        )
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not paths:
        raise ValueError(
            tr("{folder} is empty: each submission is to be a folder, a zip or a tar.gz in it.", folder=folder)
        )
    stems = [_stem(path) for path in paths]
    return [Submission(stem if stems.count(stem) == 1 else path.name, path) for stem, path in zip(stems, paths)]


def _stem(path: Path) -> str:
    return next((path.name[: -len(end)] for end in ARCHIVES if path.name.lower().endswith(end)), path.name)


def take_in(submission: Submission) -> Content:
    """Read a submission, and pack the files of its stages. Raises Refused."""
    notes: list[str] = []
    files: dict[tuple[str, ...], bytes] = {}
    total = 0
    for parts, data in _read(submission.path, notes):
        total += len(data)
        if total > MOST_BYTES:
            raise Refused(
                tr(
                    "It holds more than {value} MB, and was not unpacked: a stage takes a few KB.",
                    value=MOST_BYTES // 1024**2,
                )
            )
        if len(files) >= MOST_FILES:
            raise Refused(
                tr(
                    "It holds more than {most_files:,} files, and was not unpacked: a stage takes two.",
                    most_files=MOST_FILES,
                )
            )
        files[parts] = data
    chosen = _stages_of(files, notes)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(chosen):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(chosen[name]), 0o644
            tar.addfile(entry, io.BytesIO(chosen[name]))
    return Content(packed.getvalue(), sorted({int(name[:2]) for name in chosen}), notes)


def unpack(packed: bytes, folder: Path) -> None:
    """Write what take_in has packed into the folder. Nothing in it has a name that could lead elsewhere."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for entry in tar:
            path = folder / entry.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tar.extractfile(entry).read())


def _stages_of(files: dict[tuple[str, ...], bytes], notes: list[str]) -> dict[str, bytes]:
    """Return the files of the stages' folders, at the root or one folder down, under the lab's own names."""
    names = {stage.number: stage.folder for stage in load_stages()}
    roots: dict[int, tuple[str, ...]] = {}
    for parts in sorted(files, key=lambda parts: (len(parts), parts)):
        for depth in (0, 1):
            match = STAGE.fullmatch(parts[depth]) if len(parts) > depth + 1 else None
            if match and int(match[1]) in names:
                roots.setdefault(int(match[1]), parts[: depth + 1])
                break
        else:
            if len(parts) <= 2 and STAGE.fullmatch(parts[-1]):
                notes.append(
                    tr("{parts} is a file; it should be a folder with server.py and client.py.", parts=_show(parts))
                )
    if not roots:
        raise Refused(" ".join([*notes, tr("No stage's folder, such as 01_echo, is at its top or one folder down.")]))
    for number, root in roots.items():
        if root[-1] != names[number]:
            notes.append(tr("{root} is graded as {names}.", root=_show(root), names=names[number]))
    chosen = {}
    for parts, data in files.items():
        for number, root in roots.items():
            if parts[: len(root)] == root:
                chosen["/".join([names[number], *parts[len(root) :]])] = data
    return chosen


def _show(parts: tuple[str, ...]) -> str:
    return "/".join(parts).encode(errors="replace").decode()


# The three kinds. Each yields (parts of the path, bytes) of regular files, and notes what it leaves out.


def _read(path: Path, notes: list[str]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    name = path.name.lower()
    try:
        if path.is_symlink():
            raise Refused(tr("It is a symbolic link, which is not followed: hand in the files themselves."))
        if path.is_dir():
            yield from _read_folder(path, notes)
        elif name.endswith(".zip"):
            yield from _read_zip(path, notes)
        elif name.endswith((".tar.gz", ".tgz")):
            yield from _read_tar(path, notes)
        else:
            raise Refused(tr("It is neither a folder nor a .zip nor a .tar.gz: hand in one of these."))
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Refused(tr("It cannot be unpacked ({error}): pack it again, without a password.", error=error)) from None
    except OSError as error:
        raise Refused(tr("It cannot be read ({value}).", value=error.strerror or error)) from None


def _read_folder(folder: Path, notes: list[str]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    for where, folders, names in os.walk(folder):
        here = Path(where)
        parts = here.relative_to(folder).parts
        for name in sorted(folders):
            if (here / name).is_symlink():
                notes.append(tr("{value} is a symbolic link, and was left out.", value=_show((*parts, name))))
        folders[:] = sorted(name for name in folders if _wanted((*parts, name)))
        for name in sorted(names):
            kind = (here / name).lstat()
            if not _wanted((*parts, name)):
                continue
            if not stat.S_ISREG(kind.st_mode):
                what = tr("a symbolic link") if stat.S_ISLNK(kind.st_mode) else tr("no ordinary file")
                notes.append(tr("{value} is {what}, and was left out.", value=_show((*parts, name)), what=what))
                continue
            with open(here / name, "rb") as file:
                yield (*parts, name), file.read(MOST_BYTES + 1)


def _read_zip(path: Path, notes: list[str]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or not (parts := _parts(entry.filename, notes)):
                continue
            if stat.S_ISLNK(entry.external_attr >> 16):
                notes.append(tr("{parts} is a symbolic link, and was left out.", parts=_show(parts)))
                continue
            with archive.open(entry) as file:  # what the entry says of its size may be a lie
                yield parts, file.read(MOST_BYTES + 1)


def _read_tar(path: Path, notes: list[str]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    with tarfile.open(path, "r:gz") as archive:
        for entry in archive:
            if entry.isdir() or not (parts := _parts(entry.name, notes)):
                continue
            if not entry.isreg():
                notes.append(tr("{parts} is no ordinary file, and was left out.", parts=_show(parts)))
                continue
            yield parts, archive.extractfile(entry).read(MOST_BYTES + 1)


def _parts(name: str, notes: list[str]) -> tuple[str, ...] | None:
    """Return the parts of a name in an archive; None, with a note, where it leads out of it."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]:
        notes.append(tr("{value} leads out of the archive, and was left out.", value=_show((name,))))
        return None
    return path.parts if _wanted(path.parts) else None


def _wanted(parts: tuple[str, ...]) -> bool:
    """Whether it can matter: not what an editor, Python, git or a Mac adds."""
    return not any(part in ("__pycache__", "__MACOSX", ".git", ".venv", ".DS_Store") for part in parts) and all(parts)
