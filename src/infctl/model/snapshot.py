"""One picture of the world: every region as it was read, each value with time and source."""

from dataclasses import dataclass, field
from enum import StrEnum

from infctl.model.measured import Measured


class Health(StrEnum):
    """A region's verdict; `unknown` is never shown as healthy."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model as a region serves it; `digest` is sha256:<64 hex digits>."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Replicas:
    """Pods ready and wanted of the stable deployment."""

    ready: int
    wanted: int


@dataclass(frozen=True, slots=True)
class RegionSnapshot:
    """What is known of one region.

    Latencies are in seconds, the error ratio and the traffic share lie in 0..1, `queue` counts
    waiting requests, `saturation` is busy device slots over all slots (0..1). `dns_healthy` is what
    the name service's health checks say; `switched_off` is whether an operator's switch is set;
    `store` is whether the region's object store answers: it keeps artifacts and others' switches.
    """

    name: str
    cluster_version: Measured[str]
    replicas: Measured[Replicas]
    models: Measured[tuple[ModelVersion, ...]]
    requests_per_second: Measured[float]
    error_ratio: Measured[float]
    p50: Measured[float]
    p99: Measured[float]
    queue: Measured[float]
    saturation: Measured[float]
    traffic_share: Measured[float]
    dns_healthy: Measured[bool]
    switched_off: Measured[bool]
    store: Measured[bool]
    weight: Measured[int]
    generation: Measured[str]

    def sources(self) -> dict[str, Measured[object]]:
        """Each value by the name of its field."""
        names = (n for n in self.__slots__ if n != "name")
        return {n: getattr(self, n) for n in names}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A region's health with the evidence that decided it, the deciding sentence first."""

    health: Health
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All regions at one refresh, in the platform's order; `at` is seconds since the epoch."""

    at: float
    regions: tuple[RegionSnapshot, ...]
    errors: dict[str, str] = field(default_factory=dict)

    def region(self, name: str) -> RegionSnapshot | None:
        """The region of that name, if there is one."""
        return next((r for r in self.regions if r.name == name), None)
