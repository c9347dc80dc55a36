"""Plans are data: typed operations as a graph of steps, frozen, with a digest."""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from infctl.model.outcome import Outcome

Json = Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One typed change: `kind` and `version` name the code that applies it, `args` are JSON.

    Applying it twice is applying it once. `needs_control_plane` marks calls that a recovery plan
    must not depend on.
    """

    kind: str
    args: Mapping[str, Json] = field(default_factory=dict)
    version: int = 1
    region: str | None = None
    needs_control_plane: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """An operation with its place in the graph.

    `after` names the steps that must be done first; `timeout` is in seconds; `expectation` is the
    sentence shown beside it. `always` marks a step that runs also when an earlier one failed
    (healing, stopping load), but never before the step that it `reverts`, if it names one, has
    begun. The undo is not written here: it is what was observed before.

    A step that failed is tried up to `max_attempts` times, after 1 s, 2 s, 4 s and so on; then
    `on_failure` says what the run does: pause, skip, undo or stop, or nothing, and then the run's
    own way holds.
    """

    id: str
    operation: Operation
    after: tuple[str, ...] = ()
    timeout: float = 30.0
    expectation: str = ""
    always: bool = False
    reverts: str = ""
    max_attempts: int = 1
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What a plan may touch: regions, kinds of objects, and the traffic share moved (0..1)."""

    regions: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    traffic_share: float | None = None


@dataclass(frozen=True, slots=True)
class GuardResult:
    """A guard's name and its judgement; whatever did not pass refuses the plan."""

    guard: str
    outcome: Outcome


class _Remembered:
    """Room beside a plan's fields for where its steps stand, which each record asks for."""

    __slots__ = ("_positions",)
    _positions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Plan(_Remembered):
    """What a run will do. `parameters` is JSON for reports; `recovery` plans use data planes only.

    `predicted` is the traffic share per region afterwards; `deadline` in seconds bounds the whole
    run, which stops there (0: none).
    """

    name: str
    summary: str
    environment: str
    steps: tuple[Step, ...]
    blast_radius: BlastRadius = BlastRadius()
    parameters: Mapping[str, Json] = field(default_factory=dict)
    predicted: Mapping[str, float] = field(default_factory=dict)
    recovery: bool = False
    engine: int = 1
    deadline: float = 0.0

    def to_json(self) -> dict[str, Json]:
        """The plan as plain JSON values; `from_json` reads it back."""
        plain: dict[str, Json] = _plain(self)
        _leave_out_later(plain)
        return plain

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of the plan, as 64 hex digits."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def positions(self) -> Mapping[str, int]:
        """Where each step stands among the steps, by id; the first of those that share one."""
        if not hasattr(self, "_positions"):
            found = {step.id: at for at, step in reversed([*enumerate(self.steps)])}
            object.__setattr__(self, "_positions", found)
        return self._positions

    def step(self, step_id: str) -> Step:
        """The step of that id; KeyError if there is none."""
        return self.steps[self.positions[step_id]]


def _plain(value: Any, depth: int = 0) -> Json:
    """What `json.loads` makes of `json.dumps`; those are asked where a value is out of the way."""
    kind = value.__class__
    if kind in _SCALARS:
        return value
    below = depth + 1
    if below < _DEEP:
        if kind is dict and all(key.__class__ is str for key in value):
            return {key: _plain(inner, below) for key, inner in value.items()}
        if kind is list or kind is tuple:
            return [_plain(inner, below) for inner in value]
        if kind in _PARTS:
            return {name: _plain(getattr(value, name), below) for name in _names(kind)}
    return json.loads(json.dumps(value, default=_fields_of, sort_keys=True))


def _fields_of(part: Any) -> dict[str, Json]:
    """A step, an operation or a radius as JSON has it, without copying what it holds."""
    return {name: getattr(part, name) for name in _names(part.__class__)}


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    if not is_dataclass(kind):
        raise TypeError(f"a plan holds JSON, not {kind.__name__}")
    return tuple(f.name for f in fields(kind))


_DEEP = 64
"""Levels that no plan of ours has; Python's own stack ends far above."""
_SCALARS = frozenset({str, int, float, bool, type(None)})
_PARTS = frozenset({Plan, Step, Operation, BlastRadius})


def from_json(data: Mapping[str, Json]) -> Plan:
    """Read back what `Plan.to_json` wrote; the digest of both is the same.

    KeyError, TypeError, ValueError or AttributeError where nobody wrote it so.
    """
    steps = tuple(_step(s) for s in data["steps"])
    radius = data["blast_radius"]
    plan = Plan(
        name=data["name"],
        summary=data["summary"],
        environment=data["environment"],
        steps=steps,
        blast_radius=BlastRadius(
            tuple(radius["regions"]), tuple(radius["objects"]), radius["traffic_share"]
        ),
        parameters=data["parameters"],
        predicted=data["predicted"],
        recovery=data["recovery"],
        engine=data["engine"],
        deadline=data.get("deadline", 0.0),
    )
    _check_types(plan)
    return plan


def _check_types(plan: Plan) -> None:
    """What lies in files and clusters may be of any type: only texts where texts belong."""
    steps = plan.steps
    operations = [step.operation for step in steps]
    texts: list[Any] = [plan.name, plan.summary, plan.environment]
    texts += [text for s in steps for text in (s.id, s.expectation, s.reverts, s.on_failure)]
    texts += [name for s in steps for name in s.after]
    texts += [text for o in operations for text in (o.kind, o.region or "")]
    texts += [*plan.blast_radius.regions, *plan.blast_radius.objects]
    mappings: list[Any] = [plan.parameters, plan.predicted, *(o.args for o in operations)]
    numbers: list[Any] = [plan.deadline, *(s.timeout for s in steps)]
    counts: list[Any] = [plan.engine, *(o.version for o in operations)]
    counts += [s.max_attempts for s in steps]
    for kind, values in (
        (str, texts),
        ((dict, Mapping), mappings),
        ((int, float), numbers),
        (int, counts),
    ):
        for value in values:
            if not isinstance(value, kind):
                raise TypeError(f"{type(value).__name__} in a plan where it does not belong")


def _step(data: Mapping[str, Json]) -> Step:
    rest = {k: data[k] for k in ("id", "timeout", "expectation", "always")}
    rest["reverts"] = data.get("reverts", "")
    rest["max_attempts"] = data.get("max_attempts", 1)
    rest["on_failure"] = data.get("on_failure", "")
    return Step(operation=Operation(**data["operation"]), after=tuple(data["after"]), **rest)


def _leave_out_later(plain: dict[str, Json]) -> None:
    """Fields that came later are written only where they say something.

    So the digest of a plan that an earlier release froze is still the same.
    """
    if not plain["deadline"]:
        del plain["deadline"]
    for step in plain["steps"]:
        if step["max_attempts"] == 1:
            del step["max_attempts"]
        if not step["on_failure"]:
            del step["on_failure"]
