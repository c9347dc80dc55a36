"""The last and the first record of a run that is over, in one small file beside its journal.

The mark holds the last record's digest, so the file proves itself; where it does not, or there is
none, the journal itself is read. Lists of thousands of runs need no more than this.
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
    """The last record of a run, and the text of its first one."""

    last: Record
    first: str


def write_ends(folder: Path, first: Record, last: Record) -> None:
    """Leave the file. Only the list's speed depends on it, so no error counts."""
    text = f"{last.canonical}\n{first.canonical}\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with contextlib.suppress(OSError):
        with os.fdopen(os.open(folder / f"{NAME}.new", flags, 0o600), "w") as file:
            file.write(text)
        (folder / f"{NAME}.new").replace(folder / NAME)


def read_ends(folder: Path) -> Ends | None:
    """The ends of a run that is over; None where only the journal can tell."""
    try:
        last, first, _ = (folder / NAME).read_text().split("\n")
        mark = read_mark(folder)
        if hashlib.sha256(last.encode()).hexdigest().encode() != mark[21:85]:
            return None
        record = parse(last)
    except (OSError, ValueError):
        return None
    is_end = record.kind == Kind.HEAD and mark[:20] == b"%020d" % record.seq
    return Ends(record, first) if is_end else None
