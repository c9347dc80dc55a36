"""All runs of this machine at a glance: those that are over are read from their two ends alone."""

from collections.abc import Iterable

from infctl.engine.journal import Ends, is_over, read_ends
from infctl.errors import JournalError
from infctl.executor.folders import run_ids, runs_folder
from infctl.model.journal import Record
from infctl.model.run import RunView, fold


def ended_view(run: str) -> RunView | None:
    """A run that is over, without its steps; None where its journal must be read."""
    ends = read_ends(runs_folder() / run)
    return None if ends is None or ends.last.run != run else _view(ends)


def open_runs() -> list[str]:
    """The runs that may not have ended, the newest first."""
    folder = runs_folder()
    return [run for run in run_ids() if not is_over(folder / run)]


def folded(records: Iterable[Record], view: RunView | None = None) -> RunView:
    """The run as the records tell it; JournalError where they hold what no run ever wrote."""
    try:
        return fold(records, view)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise JournalError(
            f"the journal verifies and makes no sense: {type(error).__name__}",
            unchanged="the run is in doubt and is not resumed by itself",
        ) from error


def _view(ends: Ends) -> RunView | None:
    try:
        return folded((ends.first, ends.last))
    except JournalError:
        return None
