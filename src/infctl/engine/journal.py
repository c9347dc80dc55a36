"""A run's journal on disk: SQLite, chained rows, and a high-water mark outside the database.

WAL with synchronous=FULL, because NORMAL loses acknowledged records at a power cut. A flipped bit
in the WAL silently shortens the log while SQLite's own check says ok, hence chain and mark.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from infctl.errors import JournalError
from infctl.model.journal import GENESIS, VERSION, Kind, Record, check_chain, parse
from infctl.ports.clock import Clock

DATABASE = "journal.db"
MARK = "mark"
_FULL = 2
_MARK_SIZE = 20 + 1 + 64 + 1


class Journal(Protocol):
    """What the machine writes to: nothing returns before it is on disk."""

    def append(
        self,
        kind: Kind,
        *,
        step: str | None = None,
        attempt: int = 0,
        key: str = "",
        before: Any = None,
        args: Any = None,
        result: Any = None,
        undo: Any = None,
    ) -> Record:
        """Write one record durably; JournalError where that is impossible."""

    def records(self) -> tuple[Record, ...]:
        """All records so far."""


class FileJournal:
    """The journal of one run in its folder; one writer at a time, which the caller locks."""

    def __init__(
        self, folder: Path, *, run: str, plan_digest: str, actor: str, clock: Clock
    ) -> None:
        self._folder = folder
        self._run = run
        self._plan_digest = plan_digest
        self._actor = actor
        self._clock = clock
        self._broken = ""
        with _translated("open the journal"):
            self._db = _connect(folder / DATABASE)
            rows = self._db.execute("SELECT body FROM records ORDER BY seq").fetchall()
            self._mark = os.open(folder / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _sync_folder(folder)
        self._records = list(check(_parse_rows(rows), _read_mark(self._mark)))

    def append(
        self,
        kind: Kind,
        *,
        step: str | None = None,
        attempt: int = 0,
        key: str = "",
        before: Any = None,
        args: Any = None,
        result: Any = None,
        undo: Any = None,
    ) -> Record:
        """Write one record, then the mark, each with fsync."""
        if self._broken:
            raise JournalError(self._broken, unchanged="nothing was done after the last record")
        record = Record(
            v=VERSION,
            seq=len(self._records) + 1,
            prev=self._records[-1].digest if self._records else GENESIS,
            run=self._run,
            plan_digest=self._plan_digest,
            step=step,
            attempt=attempt,
            kind=str(kind),
            fence=0,
            actor=self._actor,
            at=self._clock.wall(),
            boottime=self._clock.boottime(),
            key=key,
            before=before,
            args=args,
            result=result,
            undo=undo,
        )
        try:
            self._write(record)
        except JournalError as error:
            self._broken = error.what
            raise
        self._records.append(record)
        return record

    def records(self) -> tuple[Record, ...]:
        """All records so far."""
        return tuple(self._records)

    def close(self) -> None:
        """Give back the files; what was written stays."""
        self._db.close()
        os.close(self._mark)

    def _write(self, record: Record) -> None:
        with _translated("write the journal"):
            with self._db:
                self._db.execute(
                    "INSERT INTO records (seq, body) VALUES (?, ?)", (record.seq, record.canonical)
                )
            os.pwrite(self._mark, f"{record.seq:020d} {record.digest}\n".encode(), 0)
            os.fsync(self._mark)


class JournalReader:
    """Follows a journal that another process writes; never writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db: sqlite3.Connection | None = None
        self._seen = 0

    def fresh(self) -> list[Record]:
        """The records that were not returned before; none while there is no journal yet."""
        path = self._folder / DATABASE
        if self._db is None:
            if not path.exists():
                return []
            with _translated("read the journal"):
                self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            rows = self._db.execute(
                "SELECT body FROM records WHERE seq > ? ORDER BY seq", (self._seen,)
            ).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise _unreadable(error) from error
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        records = _parse_rows(rows)
        self._seen += len(records)
        return records

    def close(self) -> None:
        """Give back the file."""
        if self._db is not None:
            self._db.close()


def read_journal(folder: Path) -> tuple[Record, ...]:
    """All records of a run, the chain and the mark verified; JournalError where they differ."""
    reader = JournalReader(folder)
    try:
        records = reader.fresh()
    finally:
        reader.close()
    with _translated("read the journal's mark"):
        path = folder / MARK
        mark = path.read_bytes() if path.exists() else b""
    return check(records, mark)


def check(records: list[Record], mark: bytes) -> tuple[Record, ...]:
    """The records, if the chain holds and reaches the mark; else JournalError.

    One record more than the mark is what a crash between the two writes leaves.
    """
    problem = check_chain(records) or _check_mark(records, mark)
    if problem:
        raise JournalError(
            f"the journal does not verify: {problem}",
            unchanged="the run is in doubt and is not resumed by itself",
            hint="infctl runs show RUN, then settle the steps by hand",
        )
    return tuple(records)


def _check_mark(records: list[Record], mark: bytes) -> str:
    if not mark:
        return "" if len(records) <= 1 else "the high-water mark is missing"
    try:
        seq, digest = int(mark[:20]), mark[21:85].decode()
    except ValueError:
        return "the high-water mark cannot be read"
    if len(mark) != _MARK_SIZE or seq < 1:
        return "the high-water mark cannot be read"
    if len(records) < seq:
        return f"records after {len(records)} are lost, {seq} were written"
    if len(records) > seq + 1 or records[seq - 1].digest != digest:
        return "the high-water mark belongs to another journal"
    return ""


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=5)
    mode = db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    db.execute("PRAGMA synchronous=FULL")
    level = db.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level != _FULL:
        raise JournalError(f"the journal's file system gives mode {mode}, synchronous {level}")
    with db:
        db.execute("CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, body TEXT)")
    path.chmod(0o600)
    return db


def _parse_rows(rows: list[tuple[Any]]) -> list[Record]:
    records = []
    for number, (body,) in enumerate(rows, 1):
        try:
            record = parse(body)
        except (ValueError, TypeError) as error:
            raise JournalError(f"the journal does not verify: row {number}: {error}") from error
        if record.canonical != body:
            raise JournalError(f"the journal does not verify: row {number} was changed")
        records.append(record)
    return records


def _read_mark(descriptor: int) -> bytes:
    return os.pread(descriptor, 4096, 0)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(error: sqlite3.Error) -> JournalError:
    return JournalError(f"the journal cannot be read: {error}")


@contextlib.contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"cannot {what}: {error}") from error
