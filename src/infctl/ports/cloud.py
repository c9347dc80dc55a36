"""The cloud's resources: name service records and health checks, objects in buckets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A Route 53 health check. `name` is ours (kept as a tag), `config` is HealthCheckConfig.

    Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html;
    ChildHealthChecks hold our names, not ids.
    """

    name: str
    config: Mapping[str, Any]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A record set of the hosted zone: weighted A records, one per region.

    `health_check` is the name of a HealthCheck or empty.
    """

    name: str
    type: str
    set_identifier: str
    weight: int
    ttl: int
    values: tuple[str, ...]
    health_check: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one checker last said of one health check; `at` in seconds since the epoch."""

    checker: str
    healthy: bool
    at: float
    status: str


@dataclass(frozen=True, slots=True)
class CloudState:
    """What exists of ours: the zone's id (empty if there is none), records, checks, buckets."""

    zone_id: str = ""
    records: tuple[Record, ...] = ()
    health_checks: tuple[HealthCheck, ...] = ()
    buckets: Mapping[str, str] = field(default_factory=dict)


class NameService(Protocol):
    """Route 53: a control plane, but for `observations`, which reads its data plane."""

    async def read(self, zone: str) -> CloudState:
        """The zone with its records, and our health checks (tagged infctl.dev/zone)."""

    async def ensure_zone(self, zone: str) -> str:
        """The hosted zone's id, created where missing."""

    async def ensure_health_check(self, zone: str, check: HealthCheck) -> str:
        """The check's id, created or updated; children are looked up by name."""

    async def delete_health_check(self, check_id: str) -> None:
        """Delete a check; a missing one is no error."""

    async def upsert_record(self, zone_id: str, record: Record) -> None:
        """Create or replace one record set."""

    async def replace_record(self, zone_id: str, before: Record, after: Record) -> None:
        """Put one record set in the place of another of its name, in one change.

        Raises Conflict where it is no longer as `before` says: then nothing was changed.
        """

    async def delete_record(self, zone_id: str, record: Record) -> None:
        """Delete one record set; a missing one is no error."""

    async def observations(self, check_id: str) -> list[Observation]:
        """GetHealthCheckStatus: every checker's last word."""


class ObjectStore(Protocol):
    """S3 of one cloud region: a data plane. `region` is its name in the platform file."""

    region: str

    async def ensure_bucket(self, bucket: str, *, public_read: bool = False) -> None:
        """Create the bucket where missing, versioned."""

    async def buckets(self) -> list[str]:
        """The names of all buckets there."""

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write one object."""

    async def get(self, bucket: str, key: str) -> bytes | None:
        """One object's bytes, or None if there is none."""

    async def delete(self, bucket: str, key: str) -> None:
        """Delete one object; a missing one is no error."""

    async def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys below a prefix."""
