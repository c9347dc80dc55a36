"""The kinds of faults: what each strikes and takes, the same for every fault injector. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

DIRECTIONS: Final = ("in", "out", "both")
"""Of requests, of their answers, or of both."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A parameter that is a number, both ends included."""

    least: float
    most: float

    def problem(self, value: Any) -> str:
        """What the value must be; empty where it is that."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_right = is_number and self.least <= value <= self.most
        return "" if is_right else f"a number from {self.least:g} to {self.most:g}"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """`targets` are the first words of what it strikes. Without a direction it has its own."""

    targets: tuple[str, ...]
    needs: Mapping[str, Bounds] = field(default_factory=dict)
    takes: Mapping[str, Bounds] = field(default_factory=dict)
    has_direction: bool = False
    silences: bool = False
    """Whether what it strikes answers nobody."""


_PROCESSES: Final = ("region", "node", "part")
_NETWORK: Final = ("region", "edge", "path", "between")

KINDS: Final[Mapping[str, FaultKind]] = {
    "kill": FaultKind(_PROCESSES, silences=True),
    "freeze": FaultKind(_PROCESSES, silences=True),
    "refuse": FaultKind(_NETWORK, silences=True),
    "swallow": FaultKind(_NETWORK, has_direction=True, silences=True),
    "slow": FaultKind(
        _NETWORK,
        needs={"latency_ms": Bounds(1, 60_000)},
        takes={"jitter_ms": Bounds(0, 60_000)},
        has_direction=True,
    ),
    "limit": FaultKind(_NETWORK, needs={"bytes_per_second": Bounds(1000, 1e9)}, has_direction=True),
    "lossy": FaultKind(_NETWORK, needs={"percent": Bounds(1, 100)}, has_direction=True),
    "half_open": FaultKind(_NETWORK, has_direction=True),
    "overload": FaultKind(("region",)),
    "forget": FaultKind(("region",)),
}
"""Every kind by name."""


def problem_of(kind: str, target: str, parameters: Mapping[str, Any]) -> str:
    """Why there is no such fault; empty where there can be one. Values are not repeated."""
    found = KINDS.get(kind)
    if found is None:
        return f"the kind is none of {', '.join(KINDS)}"
    if target.partition("/")[0] not in found.targets:
        return f"{kind} strikes {', '.join(found.targets)}"
    known = {**found.needs, **found.takes}
    for name, value in parameters.items():
        problem = _problem(found, known, name, value)
        if problem:
            return problem
    missing = next((name for name in found.needs if name not in parameters), "")
    return f"{kind} needs {missing}" if missing else ""


def _problem(found: FaultKind, known: Mapping[str, Bounds], name: str, value: Any) -> str:
    if name == "direction" and found.has_direction:
        is_right = isinstance(value, str) and value in DIRECTIONS
        return "" if is_right else f"direction must be one of {', '.join(DIRECTIONS)}"
    if name not in known:
        taken = [*known, *(["direction"] if found.has_direction else [])]
        return f"it takes {', '.join(taken) or 'no parameters'}"
    problem = known[name].problem(value)
    return f"{name} must be {problem}" if problem else ""
