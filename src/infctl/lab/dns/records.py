"""What Route 53 holds: zones with record sets, and health checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Area:
    """Where the clients of a geolocation set are: a continent, a country (`*`: any), a state."""

    continent: str = ""
    country: str = ""
    subdivision: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """The name whose records are answered instead, in the zone of that id.

    `evaluates`: whether the set is as healthy as they are.
    """

    name: str
    zone: str
    evaluates: bool = False


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One resource record set. Names are lower case and end in a dot; `ttl` is in seconds.

    `policy` says how it is chosen among those of its name and type; what the policy goes by is in
    `weight` (0-255), `failover` (PRIMARY, SECONDARY), `region` or `area`. `health_check` is an id
    or empty. A set has `values` or an `alias`.
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
    region: str = ""
    area: Area = Area()
    alias: Alias | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone: `sets` by (name, type); `names` also holds those that only have children."""

    id: str
    name: str
    sets: Mapping[tuple[str, str], tuple[RecordSet, ...]]
    names: frozenset[str]

    def sets_of(self, name: str, kind: str) -> Sequence[RecordSet]:
        """Those of the name, or of the wildcard nearest above a name that does not exist."""
        asked = name if name in self.names else self._wildcard(name)
        return self.sets.get((asked, kind), ())

    def holds(self, name: str) -> bool:
        """Whether the name exists, if only by a wildcard or by what is below it."""
        return name in self.names or self._wildcard(name) in self.names

    def _wildcard(self, name: str) -> str:
        parent = name.partition(".")[2]
        while parent not in self.names and parent:
            parent = parent.partition(".")[2]
        return f"*.{parent}"


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
