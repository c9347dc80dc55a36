"""Goes on when the disk takes nothing any more."""

from typing import Any

from infctl.errors import JournalError
from infctl.model.journal import Kind, Record
from infctl.simulator.disk import WatchedJournal
from infctl.simulator.engine import Engine

FAULTS = ("disk_full", "io_error")


class Careless(WatchedJournal):
    def append(self, kind: Kind, **fields: Any) -> Record:
        try:
            return super().append(kind, **fields)
        except JournalError:
            return self.records()[-1]


ENGINE = Engine(journal=Careless)
