"""Hurting on purpose: faults with leases, healed by their own TTL when the holder is gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that is in force. `kind` is one of `model.fault_kinds`; `target` what it strikes.

    `at` is the moment when it took effect and `expires` when it heals by itself, in seconds since
    the epoch. `parameters` are what the kind takes, those that have a default included.
    """

    id: str
    kind: str
    target: str
    at: float
    expires: float
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Faults(Protocol):
    """The environment's fault injector."""

    async def inject(
        self,
        fault_id: str,
        kind: str,
        target: str,
        ttl: float,
        parameters: Mapping[str, Any] | None = None,
    ) -> ActiveFault:
        """Start a fault; the same id again is the same fault."""

    async def renew(self, fault_id: str, ttl: float) -> None:
        """Keep a fault for `ttl` seconds more."""

    async def heal(self, fault_id: str) -> None:
        """End a fault and wait until what it stopped was started again; unknown ids are healed."""

    async def active(self) -> list[ActiveFault]:
        """The faults now in force."""
