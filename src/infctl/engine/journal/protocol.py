"""What the step machine asks of a journal."""

from typing import Any, Protocol

from infctl.model.journal import Kind, Record
from infctl.model.run import RunView


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

    def view(self) -> RunView:
        """The run as the records tell it."""
