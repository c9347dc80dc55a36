"""Route 53, in memory: zones, health checks and weighted records."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from infctl.errors import Conflict, InfctlError
from infctl.fakes.clock import FakeClock
from infctl.fakes.endpoint import Endpoint
from infctl.model.health_check import evaluate, leaves
from infctl.ports.clock import Clock
from infctl.ports.cloud import CloudState, HealthCheck, Observation, Record

FIXED = ("Type", "RequestInterval", "MeasureLatency")
"""What UpdateHealthCheck does not take. Source: Route 53's API reference."""
CHECKERS = ("us-east-1/192.0.2.53", "eu-west-1/198.51.100.53", "ap-south-1/203.0.113.53")

Look = Callable[[HealthCheck], bool | None]
"""What checkers see at a check's target, before any inversion; None where they said nothing yet."""


def _look(check: HealthCheck) -> bool | None:
    return not check.config.get("Inverted", False)


@dataclass
class FakeNames:
    """Health is what `look` says now, without the delay of real checkers.

    `endpoint` is the control plane, `checkers` what answers for the health checks' words.
    """

    look: Look = _look
    clock: Clock = field(default_factory=FakeClock)
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("Route 53"))
    checkers: Endpoint = field(default_factory=lambda: Endpoint("Route 53's checkers"))
    zones: dict[str, str] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)
    checks: dict[str, list[HealthCheck]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def read(self, zone: str) -> CloudState:
        """The zone with its records, and our health checks."""
        await self.endpoint.answer()
        zone_id = self.zones.get(zone, "")
        records = tuple(self.records.get(zone_id, ()))
        return CloudState(zone_id, records, tuple(self.checks.get(zone, ())))

    async def ensure_zone(self, zone: str) -> str:
        """The hosted zone's id, created where missing."""
        await self.endpoint.answer()
        return self.zones.setdefault(zone, f"Z{next(self._numbers)}")

    async def ensure_health_check(self, zone: str, check: HealthCheck) -> str:
        """The check's id, created or updated; what cannot be updated stays."""
        await self.endpoint.answer()
        ours = self.checks.setdefault(zone, [])
        missing = set(check.config.get("ChildHealthChecks", ())) - {c.name for c in ours}
        if missing:
            raise InfctlError(f"Route 53 has no health check {', '.join(sorted(missing))}")
        found = next((c for c in ours if c.name == check.name), None)
        if found is None:
            ours.append(replace(check, id=f"check-{next(self._numbers)}"))
            return ours[-1].id
        changes = {k: v for k, v in check.config.items() if k not in FIXED}
        ours[ours.index(found)] = replace(found, config={**found.config, **changes})
        return found.id

    async def delete_health_check(self, check_id: str) -> None:
        """Delete a check; a missing one is no error."""
        await self.endpoint.answer()
        for zone, ours in self.checks.items():
            self.checks[zone] = [c for c in ours if c.id != check_id]

    async def upsert_record(self, zone_id: str, record: Record) -> None:
        """Create or replace one record set."""
        await self.endpoint.answer()
        self._put(zone_id, record)

    async def replace_record(self, zone_id: str, before: Record, after: Record) -> None:
        """Put one record set in the place of another, if that is still there as it was read."""
        await self.endpoint.answer()
        if replace(before, name=before.name.rstrip(".")) not in self.records.get(zone_id, []):
            raise Conflict(
                f"Route 53: the record of {before.name} for {before.set_identifier} is not the one"
                " that was read",
                unchanged="the record",
            )
        self._put(zone_id, after)

    def _put(self, zone_id: str, record: Record) -> None:
        if zone_id not in self.zones.values():
            raise InfctlError(f"Route 53 has no zone {zone_id}")
        known = {c.name for ours in self.checks.values() for c in ours}
        if record.health_check and record.health_check not in known:
            raise InfctlError(f"Route 53 has no health check {record.health_check}")
        kept = [r for r in self.records.get(zone_id, []) if _identity(r) != _identity(record)]
        self.records[zone_id] = [*kept, replace(record, name=record.name.rstrip("."))]

    async def delete_record(self, zone_id: str, record: Record) -> None:
        """Delete one record set; a missing one is no error."""
        await self.endpoint.answer()
        gone = replace(record, name=record.name.rstrip("."))
        self.records[zone_id] = [r for r in self.records.get(zone_id, []) if r != gone]

    async def observations(self, check_id: str) -> list[Observation]:
        """Every checker's last word; refused for calculated checks."""
        await self.checkers.answer()
        check = next((c for ours in self.checks.values() for c in ours if c.id == check_id), None)
        if check is None or check.config.get("Type") == "CALCULATED":
            raise InfctlError(f"Route 53: there is no status of health check {check_id}")
        seen = self.look(check)
        if seen is None:
            return []
        status = "Success: HTTP Status Code 200" if seen else "Failure: HTTP Status Code 503"
        return [Observation(name, seen, self.clock.wall(), status) for name in CHECKERS]

    def is_healthy(self, zone: str, name: str) -> bool | None:
        """Whether a check is, calculated ones and inversion included."""
        ours = {check.name: check for check in self.checks.get(zone, ())}
        configs = {name: check.config for name, check in ours.items()}
        words = {leaf: self.look(ours[leaf]) for leaf in leaves(name, configs)}
        return evaluate(name, configs, {k: [] if v is None else [v] for k, v in words.items()})


def _identity(record: Record) -> tuple[str, str, str]:
    return record.name.rstrip("."), record.type, record.set_identifier
