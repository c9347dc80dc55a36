"""Whether files and folders are ours alone: nothing is written through what others planted."""

import os
import stat
from pathlib import Path

from infctl.engine.journal import check_files, planted
from infctl.errors import ConfigurationError

_LOG = "executor.log"
_FILES = ("plan.json", "executor.lock", _LOG, f"{_LOG}.1", "reserve", "ends.jsonl")
_MOUNTS = Path("/proc/self/mountinfo")
_FORGETFUL = frozenset({"tmpfs", "ramfs"})
_REMOTE = ("nfs", "cifs", "smb", "fuse.", "9p", "afs")


def folder_problem(folder: Path) -> tuple[str, str]:
    """What speaks against a folder being ours alone, and the command that mends it; or nothing."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return "", ""
    except OSError as error:
        return f"cannot be looked at: {error.strerror}", f"ls -ld {folder}"
    if not stat.S_ISDIR(found.st_mode):
        return "is a link or no folder", f"ls -ld {folder}"
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}", f"ls -ld {folder}"
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o022:
        return f"may be written by others (mode {mode:04o})", f"chmod 700 {folder}"
    return "", ""


def check_folders(*folders: Path) -> None:
    """Raise ConfigurationError where one of them is not ours alone."""
    for folder in folders:
        problem, hint = folder_problem(folder)
        if problem:
            raise ConfigurationError(
                f"{folder} {problem}", hint=hint, unchanged="nothing was written there"
            )


def check_run(folder: Path) -> None:
    """Raise ConfigurationError where a run's folder, or a file in it, is not ours alone."""
    check_folders(folder.parent.parent, folder.parent, folder)
    check_files(folder)
    for name in _FILES:
        if problem := planted(folder / name):
            raise ConfigurationError(
                f"{folder / name} {problem}",
                hint=f"ls -l {folder}",
                unchanged="nothing was written there",
            )


def read_bytes(path: Path, most: int) -> bytes:
    """A file of ours, never through a link and never without end; OSError otherwise."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise OSError(f"it is no file of at most {most} bytes")
        return file.read(most)


def medium_problem(folder: Path) -> str:
    """Why runs that are kept there may be lost, or an empty text."""
    kind = filesystem_of(folder)
    if kind in _FORGETFUL:
        return f"{folder} is on {kind}: runs do not survive a restart of this machine"
    if kind.startswith(_REMOTE):
        return f"{folder} is on {kind}: locks and syncs may not hold there"
    return ""


def filesystem_of(folder: Path, mounts: str | None = None) -> str:
    """The type of the file system that holds a folder; empty where that is not known."""
    try:
        text = _MOUNTS.read_text() if mounts is None else mounts
    except OSError:
        return ""
    best, kind = "", ""
    path = f"{folder.resolve()}/"
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) < 5 or not right:
            continue
        point = fields[4].replace("\\040", " ").rstrip("/") + "/"
        if path.startswith(point) and len(point) >= len(best):
            best, kind = point, right.split()[0]
    return kind
