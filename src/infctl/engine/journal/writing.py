"""Writes a run's journal: no record is returned before it is durable somewhere."""

import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infctl.engine.journal.disk import Disk
from infctl.engine.journal.limits import STOP_AT, WARN_AT, is_warned_at, refusal
from infctl.engine.journal.reading import check_joined
from infctl.engine.journal.spill import append_line, spill_path
from infctl.engine.journal.verification import check, mark_of, parse_rows
from infctl.errors import JournalError, Refused
from infctl.model.folding import Folding
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.run import RunView
from infctl.ports.clock import Clock

_LAST = frozenset(
    {
        Kind.SENT,
        Kind.OBSERVED,
        Kind.DONE,
        Kind.FAILED,
        Kind.UNKNOWN,
        Kind.UNDO_DONE,
        Kind.SKIP,
        Kind.PAUSE,
        Kind.HEAD,
    }
)
"""What was done already: kept wherever there is room. The others begin something."""
_log = logging.getLogger(__name__)


class FileJournal:
    """The journal of one run in its folder; one writer at a time, which the caller locks.

    `fence` is the number of the lock that the run holds; records carry it from then on.
    """

    def __init__(
        self,
        folder: Path,
        *,
        run: str,
        plan_digest: str,
        actor: str,
        clock: Clock,
        fence: int = 0,
        disk: Disk | None = None,
    ) -> None:
        self.fence = fence
        self._run = run
        self._plan_digest = plan_digest
        self._actor = actor
        self._clock = clock
        self._broken = ""
        self._spilled = False
        self._unmarked = False
        self._disk = disk or Disk(folder)
        self._folding = Folding()
        try:
            rows, mark = self._disk.read()
            own = parse_rows(rows)
            self._records = list(check_joined(own, mark))
            self._bring_back(own)
        except BaseException:
            self._disk.close()
            raise

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
        """Write one record, then the mark, each with fsync.

        Raises JournalError where that is impossible, and from then on for everything that begins;
        Refused where the journal is too long for another step.
        """
        is_full = kind is Kind.INTENT and len(self._records) >= STOP_AT
        if is_full and (problem := refusal(self.view(), step)):
            raise Refused(problem, unchanged="the step was not begun", hint="infctl runs undo")
        record = Record(
            v=VERSION,
            seq=len(self._records) + 1,
            prev=self._records[-1].digest if self._records else GENESIS,
            run=self._run,
            plan_digest=self._plan_digest,
            step=step,
            attempt=attempt,
            kind=str(kind),
            fence=self.fence,
            actor=self._actor,
            at=self._clock.wall(),
            boottime=self._clock.boottime(),
            key=key,
            before=before,
            args=args,
            result=result,
            undo=undo,
        )
        self._write(record, kind)
        if is_warned_at(record.seq):
            self._warn()
        return record

    def records(self) -> tuple[Record, ...]:
        """All records so far."""
        return tuple(self._records)

    def view(self) -> RunView:
        """The run as the records tell it; each is folded once."""
        return self._folding.view(self._records)

    def extend(self, records: Iterable[Record]) -> None:
        """Write records as they are: those of the run's holder before us, which follow ours."""
        for record in records:
            self._store(record)
            if record.kind == Kind.HEAD:
                self._disk.finish(self._records[0], record)

    def close(self) -> None:
        """Give back the files; what was written stays."""
        self._disk.close()

    def _write(self, record: Record, kind: Kind) -> None:
        if self._broken and kind not in _LAST:
            raise JournalError(self._broken, unchanged="nothing was done after the last record")
        try:
            self._store(record)
        except JournalError as error:
            self._broken = self._broken or error.what
            self._save(record, kind, error)
        if kind is Kind.HEAD and not self._spilled:
            self._disk.finish(self._records[0], record)
        if self._broken and kind in (Kind.PAUSE, Kind.HEAD):
            # Nobody can decide anything any more: whoever runs the machine must say so.
            raise JournalError(f"{self._broken}{self._whereabouts()}")

    def _store(self, record: Record) -> None:
        """On the run's own disk. Once a record went elsewhere, its successors do too."""
        if self._spilled:
            raise JournalError(self._broken)
        if self._unmarked:
            self._disk.mark(self._records[-1])
            self._unmarked = False
        self._disk.insert(record)
        self._records.append(record)
        self._unmarked = True
        self._disk.mark(record)
        self._unmarked = False

    def _save(self, record: Record, kind: Kind, error: JournalError) -> None:
        """Keep what was done already: with the reserve's room, else elsewhere."""
        if kind not in _LAST:
            raise JournalError(
                error.what, unchanged="nothing was done after the last record", hint=_HINT
            ) from error
        is_row = self._records[-1:] == [record]
        if not self._spilled and self._disk.free():
            try:
                if is_row:
                    self._disk.mark(record)
                    self._unmarked = False
                else:
                    self._store(record)
                return
            except JournalError as again:
                _log.error("%s", again.what)
                is_row = self._records[-1:] == [record]
        if not is_row:
            self._spill(record)

    def _spill(self, record: Record) -> None:
        """Into the second folder, else onto the process's own output."""
        path = spill_path(self._run)
        try:
            if path is None:
                raise OSError("no second folder: set INFCTL_SPILL")
            append_line(path, record.canonical)
        except OSError as error:
            self._records.append(record)
            self._spilled = True
            print(f"record: {record.canonical}", file=sys.stderr, flush=True)
            raise JournalError(
                f"{self._broken}; nor can the record be kept elsewhere: {error}",
                unchanged="the record stands in the executor's output",
                hint=_HINT,
            ) from error
        self._records.append(record)
        self._spilled = True
        _log.error("%s: record %d is in %s", self._broken, record.seq, path)

    def _whereabouts(self) -> str:
        return f"; the last records are in {spill_path(self._run)}" if self._spilled else ""

    def _bring_back(self, own: list[Record]) -> None:
        """Move spilled records behind the journal's own, then take their file away."""
        if len(self._records) == len(own) and self._records[-1:] == own[-1:]:
            return
        common = next(
            (n for n, (a, b) in enumerate(zip(self._records, own, strict=False)) if a != b),
            len(own),
        )
        if common < len(own):
            self._disk.cut(common + 1)
        for record in self._records[common:]:
            self._disk.insert(record)
            self._disk.mark(record)
        path = spill_path(self._run)
        if path is not None:
            path.unlink(missing_ok=True)

    def _warn(self) -> None:
        text = f"the journal holds {WARN_AT} records; no further step starts at {STOP_AT}"
        _log.warning("%s", text)
        self.append(Kind.OBSERVED, result={"evidence": [text]})


_HINT = "df; free room on the disk, then infctl runs resume"


def adopt_records(folder: Path, records: Iterable[Record], disk: Disk | None = None) -> None:
    """Write the records of a run that began elsewhere into an empty folder, as they are.

    Raises JournalError where they are no whole chain or the folder has a journal already.
    """
    found = list(records)
    if found:
        check(found, mark_of(found[-1]))
    disk = disk or Disk(folder)
    try:
        if disk.read()[0]:
            raise JournalError(f"{folder} has a journal already", unchanged="it stays as it is")
        for record in found:
            disk.insert(record)
            disk.mark(record)
        if found and found[-1].kind == Kind.HEAD:
            disk.finish(found[0], found[-1])
    finally:
        disk.close()
