"""Where the last records go when the run's own disk takes none: JSON lines in a second folder.

It is named by INFCTL_SPILL, else it is in $XDG_RUNTIME_DIR. Whoever opens the journal next reads
them behind the journal's own, and the next writer moves them there.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from infctl.engine.journal.storage import planted, sync_folder
from infctl.engine.journal.verification import parse_rows
from infctl.errors import JournalError
from infctl.model.journal import Record
from infctl.model.names import is_name

_LARGEST = 64 * 1024 * 1024


def spill_path(run: str) -> Path | None:
    """The file for a run's records; None where no second folder is named."""
    given = os.environ.get("INFCTL_SPILL", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if not is_name(run):
        return None
    if Path(given).is_absolute():
        return Path(given) / f"{run}.jsonl"
    if Path(runtime).is_absolute():
        return Path(runtime) / "infctl" / f"{run}.jsonl"
    return None


def append_line(path: Path, text: str) -> None:
    """Write one record behind the others, durably; OSError where that folder takes none either."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    check_folder(path.parent)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        if planted(path):
            raise PermissionError(f"{path} {planted(path)}")
        os.write(descriptor, f"{text}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def check_folder(folder: Path) -> None:
    """PermissionError where others could write there."""
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not is_ours or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a folder of ours alone")


def read_spill(path: Path | None) -> list[Record]:
    """The records there; none where there is no file. An unfinished last line is left out."""
    if path is None or not path.exists():
        return []
    if problem := planted(path):
        raise JournalError(f"{path} {problem}", unchanged="it was not read")
    if path.stat().st_size > _LARGEST:
        raise JournalError(f"{path} is larger than any spill", unchanged="it was not read")
    text = path.read_bytes().decode(errors="replace")
    whole, _, _ = text.rpartition("\n")
    return parse_rows(whole.split("\n")) if whole else []


def join(records: list[Record], spilled: Iterable[Record], marked: int) -> list[Record]:
    """The journal's own records with the spilled ones behind them.

    A row beyond the mark was never acknowledged: where the spill has its place, the spill counts.
    """
    later = list(spilled)
    if not later or not records or later[0].run != records[0].run:
        return records
    first = later[0].seq
    if marked < first <= len(records) and first > 1:
        return [*records[: first - 1], *later]
    return [*records, *[r for r in later if r.seq > len(records)]]
