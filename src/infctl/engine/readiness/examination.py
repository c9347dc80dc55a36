"""What was read for a judgement of readiness, and what a check says of it. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infctl.content.facts import Facts
from infctl.engine.deploy.status import Deployed
from infctl.engine.handler import Permission
from infctl.model.measured import Measured
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan
from infctl.model.shift import Shift
from infctl.ports.cloud import CloudState


@dataclass(frozen=True, slots=True)
class Answer:
    """What one endpoint said: an empty `reason` is an answer; `is_refusal`: not as whom we are."""

    place: str
    endpoint: str
    reason: str = ""
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file with credentials of ours: its mode, and its age in seconds since it was written."""

    path: str
    mode: int
    age: float


@dataclass(frozen=True, slots=True)
class Disk:
    """Where runs are kept: bytes that are free, and problems, each with the command that mends."""

    folder: str
    free: int
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that readiness is judged by; mappings are keyed by region where not said else.

    `missing` names objects of the fence that a cluster lacks, `images` pods that cannot get theirs
    or run another one, `clocks` seconds by which the region's clock is ahead of ours, `places` why
    a place of the lock does not answer, `buckets` the buckets there are, `broken` why a plan could
    not be made, by its name, `known` the zone as this machine remembers it, `routes` the ways to
    people, `waiting` who was not told yet of an alarm, by run.
    """

    facts: Facts
    now: float
    disk: Disk
    plans: tuple[Plan, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    rights: Mapping[Permission, str] = field(default_factory=dict)
    deployed: tuple[Deployed, ...] = ()
    missing: Mapping[str, Measured[tuple[str, ...]]] = field(default_factory=dict)
    images: Mapping[str, Measured[tuple[str, ...]]] = field(default_factory=dict)
    clocks: Mapping[str, Measured[float]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    buckets: Mapping[str, Measured[tuple[str, ...]]] = field(default_factory=dict)
    shifts: tuple[Shift, ...] = ()
    unread_shifts: Mapping[str, str] = field(default_factory=dict)
    files: tuple[OwnFile, ...] = ()
    known: Measured[CloudState] | None = None
    routes: tuple[str, ...] = ()
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def regions(self) -> tuple[str, ...]:
        """The platform's regions."""
        return self.facts.platform.region_names


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement about one place, and the command to type where it did not pass."""

    place: str
    outcome: Outcome
    hint: str = ""


def passed(place: str, *evidence: str) -> Finding:
    """As it should be."""
    return Finding(place, Outcome(Word.PASSED, evidence))


def failed(place: str, hint: str, *evidence: str) -> Finding:
    """Read, and not as it should be."""
    return Finding(place, Outcome(Word.FAILED, evidence), hint)


def blind(place: str, hint: str, *evidence: str) -> Finding:
    """It could not be read."""
    return Finding(place, Outcome(Word.ERRORED, evidence), hint)
