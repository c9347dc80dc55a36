"""Reads journals that other processes write."""

import sqlite3
from pathlib import Path

from infctl.engine.journal.spill import join, read_spill, spill_path
from infctl.engine.journal.storage import (
    DATABASE,
    connect_to_read,
    linked,
    read_bodies,
    read_mark,
    translated,
)
from infctl.engine.journal.verification import check, parse_rows
from infctl.errors import JournalError
from infctl.model.journal import Record, check_chain

_UNREAD = "it was not read"
_LOOKS = 50
"""How often a journal is read whose executor writes faster than we read."""


class JournalReader:
    """Follows a journal that another process writes; never writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db: sqlite3.Connection | None = None
        self._seen = 0

    def fresh(self) -> list[Record]:
        """The records that were not returned before; none while there is no journal yet."""
        if self._db is None:
            if not (self._folder / DATABASE).exists():
                return []
            if problem := linked(self._folder / DATABASE):
                raise JournalError(f"{self._folder / DATABASE} {problem}", unchanged=_UNREAD)
            with translated("read the journal"):
                self._db = connect_to_read(self._folder)
        try:
            bodies = read_bodies(self._db, self._seen)
        except sqlite3.OperationalError as error:
            # A crash before the log existed leaves what only a writer can roll back.
            is_unborn = error.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK
            if is_unborn or "no such table" in str(error):
                return []
            raise _unreadable(error) from error
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        records = parse_rows(bodies, self._seen + 1)
        self._seen += len(records)
        return records

    def close(self) -> None:
        """Give back the file."""
        if self._db is not None:
            self._db.close()
            self._db = None


def read_journal(folder: Path) -> tuple[Record, ...]:
    """All records of a run, the chain and the mark verified; JournalError where they differ.

    Records that had to go elsewhere, because the disk was full, are read from there.
    """
    mark = _mark(folder)
    for _ in range(_LOOKS):
        records, before, mark = _rows(folder), mark, _mark(folder)
        if mark == before:
            break
        # It was written to meanwhile: these rows and that mark are of two moments.
    return check_joined(records, mark)


def _rows(folder: Path) -> list[Record]:
    reader = JournalReader(folder)
    try:
        return reader.fresh()
    finally:
        reader.close()


def _mark(folder: Path) -> bytes:
    with translated("read the journal's mark"):
        return read_mark(folder)


def check_joined(records: list[Record], mark: bytes) -> tuple[Record, ...]:
    """The journal's own records, verified against the mark, with the spilled ones behind them."""
    own = check(records, mark)
    spilled = read_spill(spill_path(own[0].run)) if own else []
    if not spilled:
        return own
    joined = join(list(own), spilled, int(mark[:20] or b"0"))
    if problem := check_chain(joined):
        raise JournalError(
            f"the records in {spill_path(own[0].run)} do not follow the journal: {problem}",
            unchanged="the run is in doubt and is not resumed by itself",
        )
    return tuple(joined)


def _unreadable(error: sqlite3.Error) -> JournalError:
    return JournalError(f"the journal cannot be read: {error}")
