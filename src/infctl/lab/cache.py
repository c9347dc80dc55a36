"""The cache on disk: an entry appears whole or not at all, and is made by one process at a time."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Report = Callable[[str], None]
_POLL_SECONDS = 0.3


def root(shelf: str) -> Path:
    """A shelf of infctl's folder for what can be had again: $XDG_CACHE_HOME/infctl/SHELF."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    return base / "infctl" / shelf


@contextmanager
def exclusive(folder: Path, doing: str, report: Report) -> Iterator[None]:
    """Hold the right to change a shelf; waits for, and tells of, another that is `doing` so."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        told = False
        while not _try(file.fileno()):
            if not told:
                report(f"another infctl is {doing}; waiting for it")
            told = True
            time.sleep(_POLL_SECONDS)
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder that becomes `folder` when the block ends well, beside a scratch folder.

    Whatever else happens nothing of it remains; what a killed process left is removed first.
    The caller holds `exclusive`.
    """
    staging = folder.with_name("staging")
    shutil.rmtree(staging, ignore_errors=True)
    entry = staging / "entry"
    entry.mkdir(parents=True)
    scratch_of(entry).mkdir()
    try:
        yield entry
        shutil.rmtree(folder, ignore_errors=True)
        entry.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def scratch_of(entry: Path) -> Path:
    """Where what is needed only while the entry is made goes."""
    return entry.parent / "scratch"
