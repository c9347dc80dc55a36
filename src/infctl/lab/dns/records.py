"""What Route 53 holds: zones with record sets, and health checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One resource record set. Names are lower case and end in a dot; `ttl` is in seconds.

    `policy` says how it is chosen among those of its name and type; what the policy goes by is in
    `weight` (0-255) or `failover` (PRIMARY, SECONDARY). `health_check` is an id or empty.
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    policy: str = "simple"
    identifier: str = ""
    weight: int = 0
    failover: str = ""
    health_check: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone: `sets` by (name, type); `names` also holds those that only have children."""

    id: str
    name: str
    sets: Mapping[tuple[str, str], tuple[RecordSet, ...]]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Check:
    """A health check as configured; intervals in seconds.

    Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    """

    id: str
    type: str
    address: str = ""
    port: int = 80
    path: str = "/"
    host: str = ""
    search: str = ""
    interval: int = 30
    threshold: int = 3
    inverted: bool = False
    disabled: bool = False
    sni: bool = False
    children: tuple[str, ...] = ()
    health_threshold: int = 0
    regions: tuple[str, ...] = ()

    @property
    def probes(self) -> bool:
        """Whether checkers send requests for it."""
        return self.type != "CALCULATED" and not self.disabled


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that was read at one time: zones by name, health checks by id."""

    zones: Mapping[str, Zone] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)

    def zone_of(self, name: str) -> Zone | None:
        """The zone that is authoritative for a name: the longest that it ends in."""
        rest = name
        while rest:
            if rest in self.zones:
                return self.zones[rest]
            rest = rest.partition(".")[2]
        return None
