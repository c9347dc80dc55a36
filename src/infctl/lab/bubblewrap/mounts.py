"""From wanted mounts to bubblewrap's words, so that no folder is made on the machine itself.

A place that is not there needs a folder that can be written: its nearest parent is replaced by an
empty one in memory, and all that the parent holds is bound into it again.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Mount:
    """What a container finds at `target`, an absolute path: the folder or file `source`."""

    source: Path
    target: str
    read_only: bool = False


def mount_words(mounts: Sequence[Mount]) -> list[str]:
    """Bubblewrap's words that show the machine with these mounts; OSError if it cannot be read."""
    placed = sorted(((_real(m.target), m) for m in mounts), key=lambda p: len(p[0].parts))
    opened = _opened(placed)
    words = [] if ROOT in opened else ["--dev-bind", "/", "/"]
    for folder in opened:
        words += _open(folder)
    for target, mount in placed:
        words += ["--ro-bind" if mount.read_only else "--bind", str(mount.source), str(target)]
    return words


def _real(target: str) -> Path:
    """Where a path leads: bubblewrap would follow links of its own half-made root."""
    return Path(os.path.realpath(target))


def _opened(placed: Iterable[tuple[Path, Mount]]) -> list[Path]:
    """The folders that must be replaced, parents first."""
    found: set[Path] = set()
    covered: list[Path] = []
    for target, _ in placed:
        if not any(target.is_relative_to(c) for c in covered) and not target.exists():
            found.add(next(parent for parent in target.parents if parent.exists()))
        covered.append(target)
    return sorted(found, key=lambda path: len(path.parts))


def _open(folder: Path) -> list[str]:
    """The words for a folder in memory that holds what the machine's own holds."""
    words = []
    if folder != ROOT:
        mode = stat.S_IMODE(folder.stat().st_mode)
        words += ["--perms", f"{mode:o}", "--tmpfs", str(folder)]
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.is_symlink():
                words += ["--symlink", str(Path(entry.path).readlink()), entry.path]
            else:
                words += ["--dev-bind-try", entry.path, entry.path]
    return words
