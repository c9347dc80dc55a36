"""The last and the first record of a run that is over, in one small file beside its journal.

The mark holds the last record's digest, and a third line that of both records, so the file proves
itself; where it does not, or there is none, the journal itself is read. Lists of thousands of runs
need no more than this.
"""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from infctl.engine.journal.storage import read_mark
from infctl.model.journal import Kind, Record, parse

NAME = "ends.jsonl"


@dataclass(frozen=True, slots=True)
class Ends:
    """The last record of a run, and its first, which holds the plan."""

    last: Record
    first: Record


def write_ends(folder: Path, first: Record, last: Record) -> None:
    """Leave the file. Only the list's speed depends on it, so no error counts."""
    text = f"{last.canonical}\n{first.canonical}\n"
    text += f"{_digest(text)}\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with contextlib.suppress(OSError):
        with os.fdopen(os.open(folder / f"{NAME}.new", flags, 0o600), "w") as file:
            file.write(text)
        (folder / f"{NAME}.new").replace(folder / NAME)


def is_over(folder: Path) -> bool:
    """Whether the run has ended for certain; False where only the journal can tell."""
    return _proven(folder) is not None


def read_ends(folder: Path) -> Ends | None:
    """The ends of a run that is over; None where only the journal can tell."""
    lines = _proven(folder)
    try:
        return None if lines is None else Ends(parse(lines[0]), parse(lines[1]))
    except ValueError:
        return None


def _proven(folder: Path) -> tuple[str, str] | None:
    """The two records as texts, where the mark and the digest agree with them."""
    try:
        mark = read_mark(folder)
        text = (folder / NAME).read_text()
        last, first, digest, _ = text.split("\n")
    except (OSError, ValueError):
        return None
    is_last = _digest(last).encode() == mark[21:85] and f'"kind":"{Kind.HEAD}"' in last
    is_whole = _digest(f"{last}\n{first}\n") == digest
    return (last, first) if is_last and is_whole else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
