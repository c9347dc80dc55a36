"""A whole environment in memory: regions that can be hurt, and a name service that notices."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from infctl.fakes.calls import FakeCommands, FakeHttp
from infctl.fakes.clock import FakeClock
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.controllers import date, program, roll_out
from infctl.fakes.endpoint import Mood
from infctl.fakes.faults import FakeFaults
from infctl.fakes.known_zones import FakeKnownZones
from infctl.fakes.load import FakeLoad, Reply
from infctl.fakes.metrics import FakeMetrics
from infctl.fakes.names import FakeNames
from infctl.fakes.notices import FakeNotices
from infctl.fakes.resolver import FakeResolver
from infctl.fakes.store import FakeStore
from infctl.ports.cloud import HealthCheck
from infctl.ports.world import World

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
UNREACHED = 0
"""The status of a request that nobody answered."""


@dataclass
class FakeWorld:
    """The fakes behind a World. A hurt region is silent, and its health checks fail at once."""

    clock: FakeClock
    gateways: dict[str, str]
    clusters: dict[str, FakeCluster]
    metrics: dict[str, FakeMetrics]
    stores: dict[str, FakeStore]
    names: FakeNames
    resolver: FakeResolver
    faults: FakeFaults
    load: FakeLoad
    notices: FakeNotices = field(default_factory=FakeNotices)
    http: FakeHttp = field(default_factory=FakeHttp)
    commands: FakeCommands = field(default_factory=FakeCommands)
    known: FakeKnownZones = field(default_factory=FakeKnownZones)

    def world(self, environment: str = "fake") -> World:
        """The ports."""
        return World(
            environment=environment,
            kind="sim",
            clusters=self.clusters,
            metrics=self.metrics,
            stores=self.stores,
            names=self.names,
            resolver=self.resolver,
            faults=self.faults,
            load=self.load,
            clock=self.clock,
            close=_nothing,
            notifier=self.notices,
            http=self.http,
            commands=self.commands,
            known=self.known,
        )

    def silence(self, region: str, mood: Mood = Mood.SILENT) -> None:
        """Let nothing of a region answer; Mood.ANSWERING brings it back."""
        for fake in (self.clusters[region], self.metrics[region], self.stores[region]):
            fake.endpoint.mood = mood

    def is_serving(self, region: str) -> bool:
        """Whether a region's gateway answers."""
        return self.clusters[region].endpoint.mood is Mood.ANSWERING

    def see(self, check: HealthCheck) -> bool | None:
        """What a checker sees: a switch's object in a keeper's bucket, or a region's gateway."""
        bucket, _, key = str(check.config.get("ResourcePath", "")).strip("/").partition("/")
        for store in self.stores.values():
            if bucket in store.content:
                is_there = store.endpoint.mood is Mood.ANSWERING
                return is_there and bucket in store.public and key in store.content[bucket]
        address = check.config.get("IPAddress")
        found = [name for name, gateway in self.gateways.items() if gateway == address]
        return self.is_serving(found[0]) if found else False

    def hurt(self, target: str, is_hurt: bool) -> None:
        """What a fault does: a whole region is silent; single parts are not modelled."""
        self.silence(target.removeprefix("region/"), Mood.SILENT if is_hurt else Mood.ANSWERING)

    def reply(self, host: str) -> Reply:
        """What a client of `host` gets now, asking the name service for every request."""
        addresses = self.resolver.choose(host).values
        address = addresses[0] if addresses else ""
        found = [name for name, gateway in self.gateways.items() if gateway == address]
        is_served = bool(found) and self.is_serving(found[0])
        return Reply(found[0] if found else "", address, 200 if is_served else UNREACHED)


def fake_world(
    regions: Iterable[str] = REGIONS,
    *,
    host: str = "vision.infctl.test",
    clock: FakeClock | None = None,
) -> FakeWorld:
    """An empty environment with these regions, whose clients ask for `host`."""
    names = tuple(regions)
    clock = clock or FakeClock()
    gateways = {name: f"192.0.2.{number}" for number, name in enumerate(names, 1)}
    dated = date(clock)
    service = FakeNames(clock=clock)
    world = FakeWorld(
        clock=clock,
        gateways=gateways,
        clusters={
            n: FakeCluster(n, controllers=[dated, roll_out, program(gateways[n])]) for n in names
        },
        metrics={name: FakeMetrics(name, clock) for name in names},
        stores={name: FakeStore(name) for name in names},
        names=service,
        resolver=FakeResolver(service),
        faults=FakeFaults(frozenset(f"region/{name}" for name in names), clock),
        load=FakeLoad(clock),
        known=FakeKnownZones(clock),
    )
    service.look = world.see
    world.faults.on_change = world.hurt
    world.load.reply = lambda: world.reply(host)
    return world


async def _nothing() -> None:
    return None
