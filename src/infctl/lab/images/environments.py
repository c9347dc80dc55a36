"""Environments on disk: $XDG_CACHE_HOME/infctl/environments/KEY, whole once their mark is there."""

import hashlib
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infctl.lab import cache
from infctl.lab.cache import Report

__all__ = ["Report", "exclusive", "folder_of", "is_whole", "mark_whole", "python_of", "root"]

_MARK = "infctl-complete"


def root() -> Path:
    """Where environments are."""
    return cache.root("environments")


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
    with cache.exclusive(root(), "building the model server's environment", report):
        yield
