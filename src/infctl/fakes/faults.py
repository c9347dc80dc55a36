"""A fault injector in memory, whose leases end by the clock that it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from infctl.errors import InfctlError
from infctl.fakes.clock import FakeClock
from infctl.fakes.endpoint import Endpoint
from infctl.model.fault_kinds import KINDS, problem_of
from infctl.ports.clock import Clock
from infctl.ports.faults import ActiveFault


@dataclass
class FakeFaults:
    """Hurts the targets it knows; `on_change` is told of one that is silent (True) or answers."""

    targets: frozenset[str]
    clock: Clock = field(default_factory=FakeClock)
    on_change: Callable[[str, bool], None] = lambda _target, _hurt: None
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("the fault injector"))
    _active: dict[str, ActiveFault] = field(default_factory=dict)

    async def inject(
        self,
        fault_id: str,
        kind: str,
        target: str,
        ttl: float,
        parameters: Mapping[str, Any] | None = None,
    ) -> ActiveFault:
        """Start a fault; the same id again is the same fault, renewed."""
        await self._settle()
        told = dict(parameters or {})
        self._check(kind, target, told)
        known = self._active.get(fault_id)
        if known and (known.kind, known.target, known.parameters) != (kind, target, told):
            raise InfctlError(f"fault {fault_id} is {known.kind} {known.target}")
        now = self.clock.wall()
        at = known.at if known else now
        self._active[fault_id] = ActiveFault(fault_id, kind, target, at, now + ttl, told)
        if KINDS[kind].silences:
            self.on_change(target, True)
        return self._active[fault_id]

    def _check(self, kind: str, target: str, parameters: Mapping[str, Any]) -> None:
        if problem := problem_of(kind, target, parameters):
            raise InfctlError(f"there is no such fault: {problem}")
        if target not in self.targets:
            known = ", ".join(sorted(self.targets))
            raise InfctlError(f"there is no {kind} {target} here", hint=f"one of {known}")

    async def renew(self, fault_id: str, ttl: float) -> None:
        """Keep a fault for `ttl` seconds more."""
        await self._settle()
        if fault_id not in self._active:
            raise InfctlError(f"fault {fault_id} is not in force")
        found = self._active[fault_id]
        self._active[fault_id] = replace(found, expires=self.clock.wall() + ttl)

    async def heal(self, fault_id: str) -> None:
        """End a fault; unknown ids are healed."""
        await self._settle()
        self._end(fault_id)

    async def active(self) -> list[ActiveFault]:
        """The faults now in force."""
        await self._settle()
        return list(self._active.values())

    async def _settle(self) -> None:
        await self.endpoint.answer()
        now = self.clock.wall()
        for fault_id in [f.id for f in self._active.values() if f.expires <= now]:
            self._end(fault_id)

    def _end(self, fault_id: str) -> None:
        fault = self._active.pop(fault_id, None)
        # A target stays silent as long as any fault keeps it so.
        silent = {o.target for o in self._active.values() if KINDS[o.kind].silences}
        if fault and KINDS[fault.kind].silences and fault.target not in silent:
            self.on_change(fault.target, False)
