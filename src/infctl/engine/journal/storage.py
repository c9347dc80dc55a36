"""The files themselves: opened only where nobody else could have planted them."""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infctl.engine.journal.verification import MARK
from infctl.errors import ConfigurationError, JournalError

DATABASE = "journal.db"
_FULL = 2
_FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", MARK)


def connect(folder: Path) -> sqlite3.Connection:
    """The database for writing, WAL and synchronous=FULL read back."""
    db = sqlite3.connect(folder / DATABASE, timeout=5)
    mode = db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    db.execute("PRAGMA synchronous=FULL")
    level = db.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level != _FULL:
        raise JournalError(f"the journal's file system gives mode {mode}, synchronous {level}")
    with db:
        db.execute("CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, body TEXT)")
    (folder / DATABASE).chmod(0o600)
    return db


def connect_to_read(folder: Path) -> sqlite3.Connection:
    """The database for reading alone."""
    return sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True, timeout=5)


def read_bodies(db: sqlite3.Connection, after: int = 0) -> list[Any]:
    """The rows behind a number, in order."""
    found = db.execute("SELECT body FROM records WHERE seq > ? ORDER BY seq", (after,))
    return [body for (body,) in found.fetchall()]


def open_mark(folder: Path) -> int:
    """The high-water mark for writing, never through a link."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(folder / MARK, flags, 0o600)


def read_mark(folder: Path) -> bytes:
    """What the high-water mark holds; nothing where there is none."""
    try:
        descriptor = os.open(folder / MARK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return b""
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_files(folder: Path) -> None:
    """Raise ConfigurationError where a file of the journal may be somebody else's.

    SQLite follows links, so whoever planted one would have us write through it.
    """
    for name in _FILES:
        if problem := planted(folder / name):
            raise ConfigurationError(
                f"{folder / name} {problem}",
                unchanged="nothing was written",
                hint=f"look at it, then move {folder} away",
            )


def planted(path: Path) -> str:
    """What speaks against a file being ours alone, or an empty text; a missing one is fine."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ""
    if problem := linked(path):
        return problem
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}"
    if found.st_mode & 0o022:
        return f"may be written by others (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def linked(path: Path) -> str:
    """Whether a file is a link of either kind, in words; SQLite would leave files beside it."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ""
    if not stat.S_ISREG(found.st_mode):
        return "is a link or no file"
    return f"has {found.st_nlink} names" if found.st_nlink != 1 else ""


@contextlib.contextmanager
def translated(what: str) -> Iterator[None]:
    """Errors of SQLite and of files as JournalError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"cannot {what}: {error}") from error
