"""Environments on disk: $XDG_CACHE_HOME/infctl/environments/KEY, whole once their mark is there."""

import fcntl
import hashlib
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Report = Callable[[str], None]
_MARK = "infctl-complete"
_POLL_SECONDS = 0.3


def root() -> Path:
    """Where environments are."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    return base / "infctl" / "environments"


def folder_of(requirements: Path) -> Path:
    """The folder for these requirements on this Python and machine."""
    about = f"{sys.implementation.cache_tag}-{platform.machine()}"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return root() / f"{about}-{digest[:16]}"


def python_of(requirements: Path) -> Path:
    """The interpreter of the environment for these requirements, built or not."""
    return folder_of(requirements) / "bin" / "python"


def mark_whole(folder: Path) -> None:
    """Say that nothing is missing; the last act of a build."""
    (folder / _MARK).touch()


def is_whole(python: Path) -> bool:
    """Whether an interpreter belongs to an environment built to its end, or to none of ours."""
    folder = python.parent.parent
    return folder.parent != root() or (folder / _MARK).exists()


@contextmanager
def exclusive(report: Report) -> Iterator[None]:
    """Hold the right to build; waits for another process that has it."""
    root().mkdir(parents=True, exist_ok=True)
    with (root() / "lock").open("w") as file:
        told = False
        while not _try(file.fileno()):
            if not told:
                report("another infctl is building the model server's environment; waiting for it")
            told = True
            time.sleep(_POLL_SECONDS)
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
