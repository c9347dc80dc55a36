"""The two writes that make one record durable."""

import os
from pathlib import Path

from infctl.engine.journal import reserve
from infctl.engine.journal.ends import write_ends
from infctl.engine.journal.storage import (
    check_files,
    connect,
    open_mark,
    read_bodies,
    sync_folder,
    translated,
)
from infctl.engine.journal.verification import mark_of
from infctl.model.journal import Record


class Disk:
    """A run's database and mark, open for writing. Its methods raise JournalError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        check_files(folder)
        with translated("open the journal"):
            self._db = connect(folder)
            try:
                self._mark = open_mark(folder)
            except OSError:
                self._db.close()
                raise
            try:
                sync_folder(folder)
                reserve.keep(folder)
            except OSError:
                self.close()
                raise

    def read(self) -> tuple[list[str], bytes]:
        """All rows, and the mark."""
        with translated("read the journal"):
            return read_bodies(self._db), os.pread(self._mark, 4096, 0)

    def insert(self, record: Record) -> None:
        """The row, with fsync."""
        with translated("write the journal"), self._db:
            self._db.execute(
                "INSERT INTO records (seq, body) VALUES (?, ?)", (record.seq, record.canonical)
            )

    def mark(self, record: Record) -> None:
        """The mark, with fsync."""
        with translated("write the journal's mark"):
            os.pwrite(self._mark, mark_of(record), 0)
            os.fsync(self._mark)

    def cut(self, seq: int) -> None:
        """Take away the rows from a number on, which nobody was told of."""
        with translated("write the journal"), self._db:
            self._db.execute("DELETE FROM records WHERE seq >= ?", (seq,))

    def finish(self, first: Record, last: Record) -> None:
        """The run is over: keep its first and last record where lists find them fast."""
        write_ends(self._folder, first, last)

    def free(self) -> bool:
        """Give the reserve back to the disk; False where there is none."""
        return reserve.give_back(self._folder)

    def close(self) -> None:
        """Give back the files and the reserve; what was written stays."""
        self._db.close()
        os.close(self._mark)
        reserve.give_back(self._folder)
