"""Everything that one environment offers, as ports; put together by `wiring` alone."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from infctl.ports.calls import CommandRunner, HttpCaller
from infctl.ports.clock import Clock
from infctl.ports.cloud import NameService, ObjectStore
from infctl.ports.cluster import Cluster
from infctl.ports.faults import Faults
from infctl.ports.known_zones import KnownZones
from infctl.ports.load import Load
from infctl.ports.lock import Witness
from infctl.ports.metrics import Metrics
from infctl.ports.names import Resolver
from infctl.ports.notices import Notifier


async def _nothing() -> None:
    """Nothing to load."""


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one environment; mappings are keyed by the region's name.

    `warm` loads what the ports need of this machine (SDKs), so that no region's deadline pays for
    it; asking without it only takes longer.

    `kind` is the environment's class (sim, staging or prod); `faults` is None where the
    environment has no fault injector. `witness` is the lock's third place where there are two
    regions; `absent` are regions of the platform that this machine has no access to. `notifier`,
    `http` and `commands` are None where the environment names none. `known` remembers zones; None
    where nothing may be remembered.
    """

    environment: str
    kind: str
    clusters: Mapping[str, Cluster]
    metrics: Mapping[str, Metrics]
    stores: Mapping[str, ObjectStore]
    names: NameService
    resolver: Resolver
    faults: Faults | None
    load: Load
    clock: Clock
    close: Callable[[], Awaitable[None]]
    warm: Callable[[], Awaitable[None]] = _nothing
    witness: Witness | None = None
    absent: tuple[str, ...] = ()
    notifier: Notifier | None = None
    http: HttpCaller | None = None
    commands: CommandRunner | None = None
    known: KnownZones | None = None
