"""A run's state, followed record by record."""

from collections.abc import Sequence

from infctl.model.journal import Record
from infctl.model.run import RunView, fold


class Folding:
    """A fold that goes on where it was: asked often, it reads each record once."""

    def __init__(self) -> None:
        self._view = RunView()

    def view(self, records: Sequence[Record]) -> RunView:
        """The state after `records`, which only ever grow between two questions."""
        if len(records) > self._view.seq:
            self._view = fold(records[self._view.seq :], self._view)
        return self._view
