"""What a simulated run did, as its judges see it: acts, records, and what broke a rule."""

import contextvars
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infctl.model.journal import Record
from infctl.model.plan import Plan
from infctl.model.run import RunView
from infctl.simulator.disk import Platter

if TYPE_CHECKING:
    from infctl.simulator.copying import Copying


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule by the name of its function, and what was seen."""

    rule: str
    what: str


@dataclass(frozen=True, slots=True)
class Doing:
    """What an executor is about: a step of a run, forward or back."""

    run: str
    step: str
    undoing: bool
    kind: str
    attempt: int = 0


DOING: contextvars.ContextVar[Doing | None] = contextvars.ContextVar("doing", default=None)
"""Set when the intent is durable, in the task that acts; taken back when the step is decided."""


@dataclass(frozen=True, slots=True)
class Act:
    """One request that may change something: `sent` by whom, and what it changed when it arrived.

    `fence` is the sender's; `doing` is what its own durable intent allows, None without one.
    """

    run: str
    place: str
    verb: str
    fence: int
    sent: float
    doing: Doing | None
    changed: tuple[str, ...] = ()
    at: float = 0.0


@dataclass(slots=True)
class Job:
    """One run on one machine: its plan, where its journal lies, and what was there before it.

    By step: when it `began`, and when its answer was `lost`; `looked` is the last read of any.
    `copying` is there where other machines may take it over.
    """

    run: str
    plan: Plan
    disk: Platter
    digest: str
    before: dict[str, Any] | None = None
    fences: list[int] = field(default_factory=list)
    state: str = "pending"
    in_doubt: bool = False
    refused: str = ""
    overridden: bool = False
    records: list[Record] = field(default_factory=list)
    lives: int = 0
    view: RunView = field(default_factory=RunView)
    began: dict[str, float] = field(default_factory=dict)
    lost: dict[str, float] = field(default_factory=dict)
    looked: float = -1.0
    lost_life: int = 0
    copying: "Copying | None" = None


@dataclass(slots=True)
class Trace:
    """Everything that is judged. `foreign` are places that somebody else changed, and when."""

    acts: list[Act] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    foreign: dict[str, float] = field(default_factory=dict)
    grants: list[tuple[float, int, str]] = field(default_factory=list)
    disturbed: float = -1.0
    """When the network last failed somebody."""

    def accuse(self, rule: str, what: str) -> None:
        """Note a broken rule."""
        self.violations.append(Violation(rule, what))
