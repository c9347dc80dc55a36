"""What a deployment did, or would do."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from infctl.platform.render.inventory import Reference


class Action(StrEnum):
    """What happened to one object; the last four are not wanted."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    PRUNED = "pruned"
    LEFT_OUT = "left out"
    CONFLICT = "conflict"
    FAILED = "failed"
    UNKNOWN = "unknown"


BAD = frozenset({Action.CONFLICT, Action.FAILED, Action.UNKNOWN})
QUIET = frozenset({Action.UNCHANGED, Action.LEFT_OUT})


@dataclass(frozen=True, slots=True)
class Change:
    """One object or cloud resource: what it is, what happened, and why where that is not plain."""

    what: str
    action: Action
    detail: str = ""

    @classmethod
    def of(cls, reference: Reference, action: Action, detail: str = "") -> "Change":
        """The change of a Kubernetes object."""
        return cls(str(reference), action, detail)


@dataclass(frozen=True, slots=True)
class RegionResult:
    """A region's part: `address` is its gateway's, `ready` says how far it came.

    `seconds` is how long it took; `error` why it failed, empty where it did not.
    """

    region: str
    changes: tuple[Change, ...] = ()
    ready: str = ""
    address: str = ""
    seconds: float = 0.0
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the region is not as rendered."""
        return bool(self.error) or any(change.action in BAD for change in self.changes)

    @property
    def changed(self) -> bool:
        """Whether anything differed from what was rendered."""
        return any(change.action not in QUIET for change in self.changes)

    def count(self, *actions: Action) -> int:
        """How many objects had one of these actions."""
        return sum(change.action in actions for change in self.changes)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a region is: `done` of `total` in this stage."""

    region: str
    stage: str
    done: int
    total: int


Report = Callable[[Progress], None]
Check = Callable[[], None]
"""Raises where whoever deploys may change nothing any more; asked before each write."""


def silent(_: Progress) -> None:
    """Reports nothing."""


def allowed() -> None:
    """Nothing stands in the way."""
