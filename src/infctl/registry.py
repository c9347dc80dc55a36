"""Lists content without importing it; loads one by name."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from infctl.errors import UsageError
from infctl.model.names import nearest


@dataclass(frozen=True, slots=True)
class Entry:
    """A runbook or drill: its name on the command line, its module, one sentence."""

    name: str
    module: str
    summary: str


RUNBOOKS = (
    Entry("failover", "infctl.runbooks.failover", "Move traffic away from a region."),
    Entry("restore", "infctl.runbooks.restore", "Give a region its traffic back."),
)
DRILLS = (
    Entry(
        "failover", "infctl.drills.failover", "Lose a region under real traffic, measure recovery."
    ),
)


def load_runbook(name: str) -> ModuleType:
    """Import one runbook."""
    return _load(name, RUNBOOKS, "runbook")


def load_drill(name: str) -> ModuleType:
    """Import one drill."""
    return _load(name, DRILLS, "drill")


def _load(name: str, entries: tuple[Entry, ...], what: str) -> ModuleType:
    for entry in entries:
        if entry.name == name:
            return import_module(entry.module)
    known = [entry.name for entry in entries]
    close = nearest(name, known)
    raise UsageError(
        f"there is no {what} {name}",
        hint=f"did you mean {close}?" if close else f"one of: {', '.join(known)}",
    )
