"""What a fault is, and what is wrong with one that is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infctl.lab.errors import LabError


class UnknownTarget(LabError):
    """There is no such region, part, proxy or fault."""


class OtherFault(LabError):
    """The id belongs to a fault of another kind, target or parameters."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in force; `at` is the moment since which all of it is. Seconds since the epoch."""

    id: str
    kind: str
    target: str
    at: float
    expires: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
