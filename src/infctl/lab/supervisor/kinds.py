"""The kinds of faults and what each takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infctl.lab.edge.toxics import BYTES_OF_RATE, STREAMS
from infctl.lab.errors import LabError


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds; required where it has no default."""

    least: float
    most: float
    default: float | None = None

    def read(self, value: Any) -> float:
        """The number; LabError where it is none of these."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not self.least <= value <= self.most:
            raise LabError(f"must be a number from {self.least:g} to {self.most:g}")
        return float(value)


@dataclass(frozen=True, slots=True)
class Direction:
    """Requests (`in`), their answers (`out`), or both."""

    default: str

    def read(self, value: Any) -> str:
        """The direction; LabError where it is none."""
        if not isinstance(value, str) or value not in STREAMS:
            raise LabError(f"must be one of {', '.join(STREAMS)}")
        return value


Rules = Mapping[str, Number | Direction]

PARAMETERS: Final[Mapping[str, Rules]] = {
    "kill": {},
    "freeze": {},
    "refuse": {},
    "swallow": {"direction": Direction("both")},
    "slow": {
        "latency_ms": Number(1, 60_000),
        "jitter_ms": Number(0, 60_000, default=0),
        "direction": Direction("out"),
    },
    "limit": {
        "bytes_per_second": Number(BYTES_OF_RATE, 1e9),
        "direction": Direction("out"),
    },
    "lossy": {"percent": Number(1, 100), "direction": Direction("in")},
    "half_open": {"direction": Direction("out")},
    "overload": {},
    "forget": {},
}
"""Every kind with its parameters."""
KINDS: Final = tuple(PARAMETERS)


def read_parameters(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a fault of this kind is told, defaults filled in; LabError naming what is wrong."""
    rules = PARAMETERS[kind]
    for name in given:
        if name not in rules:
            known = f"takes {', '.join(rules)}" if rules else "takes nothing more"
            raise LabError(f"{kind} does not know {name[:40]!r}: it {known}")
    return {name: _read(kind, name, rule, given) for name, rule in rules.items()}


def _read(kind: str, name: str, rule: Number | Direction, given: Mapping[str, Any]) -> Any:
    if name not in given:
        if rule.default is None:
            raise LabError(f"{kind} needs {name}")
        return rule.default
    try:
        return rule.read(given[name])
    except LabError as error:
        raise LabError(f"{name} of {kind} {error.what}") from None
