"""All runs of this machine at a glance: those that are over are read from their two ends alone."""

from infctl.engine.journal import Ends, is_over, read_ends
from infctl.executor.folders import run_ids, runs_folder
from infctl.model.run import RunView, fold


def ended_view(run: str) -> RunView | None:
    """A run that is over, without its steps; None where its journal must be read."""
    ends = read_ends(runs_folder() / run)
    return None if ends is None or ends.last.run != run else _view(ends)


def open_runs() -> list[str]:
    """The runs that may not have ended, the newest first."""
    folder = runs_folder()
    return [run for run in run_ids() if not is_over(folder / run)]


def _view(ends: Ends) -> RunView:
    return fold((ends.first, ends.last))
