"""What came out of a run: computed here, since the viewer may be gone by then."""

from pathlib import Path
from typing import Any

from infctl.errors import Exit
from infctl.executor.order import Order
from infctl.model.run import RunState, RunView
from infctl.platform import Platform
from infctl.ports.world import World

_CODES = {
    RunState.COMPLETED: Exit.DONE,
    RunState.COMPLETED_WITH_EXCEPTIONS: Exit.MEASURED_BAD,
    RunState.ROLLED_BACK: Exit.FAILED,
    RunState.CANCELLED: Exit.FAILED,
    RunState.FAILED: Exit.FAILED,
    RunState.TIMED_OUT: Exit.TIMEOUT,
}
_WORDS = {
    "passed": Exit.DONE,
    "failed": Exit.MEASURED_BAD,
    "inconclusive": Exit.UNDECIDED,
    "errored": Exit.UNDECIDED,
}


def conclude(
    folder: Path,
    order: Order,
    platform: Platform,
    view: RunView,
    state: RunState,
    reason: str,
    world: World,
) -> dict[str, Any]:
    """The result for the run's last record, its report written."""
    del folder, order, platform, view, state, reason, world
    return {}


def exit_code(state: RunState, result: dict[str, Any]) -> int:
    """The exit code of whoever attends: how the run ended, then what a drill measured."""
    code = _CODES.get(state, Exit.FAILED)
    if code == Exit.DONE and "outcome" in result:
        return int(_WORDS[result["outcome"]])
    return int(code)
