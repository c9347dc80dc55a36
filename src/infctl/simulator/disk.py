"""A disk that can lose, fill up and rot, under the engine's own journal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infctl.engine.journal import FileJournal
from infctl.engine.journal.disk import Disk
from infctl.engine.journal.verification import mark_of
from infctl.errors import JournalError
from infctl.model.journal import Kind, Record
from infctl.ports.clock import Clock
from infctl.simulator.loop import Killed, Process

NOWHERE = Path("/nowhere")
"""Never opened: a simulated disk stands for it."""


@dataclass(slots=True)
class Platter:
    """What is durable of one journal. Whatever is not here is lost when its process dies."""

    rows: list[str] = field(default_factory=list)
    mark: bytes = b""
    flipped: bool = False

    def flip(self, place: int) -> None:
        """Turn one bit of one row that the mark covers: of a later one nobody was told."""
        covered = int(self.mark[:20] or 0)
        if not covered:
            return
        number = place % covered
        row = bytearray(self.rows[number].encode())
        row[place % len(row)] ^= 1
        self.rows[number] = row.decode(errors="replace")
        self.flipped = True


Strike = Callable[[str], str]
"""Told of a write (row or mark); answers '', 'refuse', or 'die' and 'die after'."""


class SimulatedDisk(Disk):
    """The two writes that make a record durable, each of which can fail or be the last."""

    def __init__(self, platter: Platter, strike: Strike) -> None:
        self._platter = platter
        self._strike = strike
        self._has_reserve = True

    def read(self) -> tuple[list[str], bytes]:
        """All rows, and the mark."""
        return list(self._platter.rows), self._platter.mark

    def insert(self, record: Record) -> None:
        """The row."""
        self._write("row", lambda: self._platter.rows.append(record.canonical))

    def mark(self, record: Record) -> None:
        """The mark."""

        def write() -> None:
            self._platter.mark = mark_of(record)

        self._write("mark", write)

    def cut(self, seq: int) -> None:
        """Take away the rows from a number on."""
        del self._platter.rows[seq - 1 :]

    def finish(self, first: Record, last: Record) -> None:
        """Lists of runs are none of a simulation's business."""
        del first, last

    def free(self) -> bool:
        """The reserve makes room for what was done already; a new process has another."""
        had, self._has_reserve = self._has_reserve, False
        return had

    def close(self) -> None:
        """Nothing to give back."""

    def _write(self, what: str, write: Callable[[], None]) -> None:
        fate = self._strike(what)
        if fate == "die":
            raise Killed
        if fate == "refuse" and self._has_reserve:
            raise JournalError("cannot write the journal: the disk refuses")
        write()
        if fate == "die after":
            raise Killed


class WatchedJournal(FileJournal):
    """The engine's journal; a dead process writes nothing, and every record is seen."""

    def __init__(
        self,
        disk: SimulatedDisk,
        process: Process,
        written: Callable[[Record], None],
        *,
        run: str,
        plan_digest: str,
        clock: Clock,
    ) -> None:
        super().__init__(
            NOWHERE, run=run, plan_digest=plan_digest, actor="simulated", clock=clock, disk=disk
        )
        self._process = process
        self._written = written

    def append(self, kind: Kind, **fields: Any) -> Record:
        """Write one record; Killed where the process is no more."""
        if self._process.dead:
            raise Killed
        record = super().append(kind, **fields)
        self._written(record)
        return record
