"""An executor's ports: the shipped fakes, all of them behind the simulated network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from infctl.fakes.cluster import FakeCluster
from infctl.fakes.faults import FakeFaults
from infctl.fakes.load import FakeLoad
from infctl.fakes.names import FakeNames
from infctl.fakes.resolver import FakeResolver
from infctl.fakes.store import FakeStore
from infctl.fakes.witness import FakeWitness
from infctl.fakes.world import FakeWorld
from infctl.ports.clock import Clock
from infctl.ports.cloud import Record
from infctl.ports.lock import LockSite
from infctl.ports.world import World
from infctl.simulator.environment import SYSTEM, regions_on
from infctl.simulator.network import Link, Network, Remote


@dataclass
class Answers(FakeResolver):
    """A name server whose health checks see at once what is true."""

    world: FakeWorld | None = None

    def _is_alive(self, zone: str, record: Record) -> bool:
        del zone
        return self.world is None or record.set_identifier in regions_on(self.world)


def ports(network: Network, link: Link, fake: FakeWorld, clock: Clock) -> World:
    """The world as this executor reaches it."""
    stores = {n: _remote(network, link, n, store, _in_store) for n, store in fake.stores.items()}
    return World(
        environment="simulated",
        kind="sim",
        clusters=clusters(network, link, fake),
        metrics={n: _remote(network, link, n, m, _nothing) for n, m in fake.metrics.items()},
        stores=stores,
        names=_remote(network, link, "names", fake.names, _in_zones),
        resolver=_remote(network, link, "resolver", fake.resolver, _nothing),
        faults=_remote(network, link, "faults", fake.faults, _in_force),
        load=_remote(network, link, "load", fake.load, _running),
        clock=clock,
        close=_close,
    )


def clusters(network: Network, link: Link, fake: FakeWorld) -> dict[str, Any]:
    """The clusters alone."""
    return {n: _remote(network, link, n, c, _in_cluster) for n, c in fake.clusters.items()}


def lock_places(
    network: Network, link: Link, places: Mapping[str, FakeWitness]
) -> tuple[LockSite, ...]:
    """Places of the lock, one a region."""
    return tuple(_remote(network, link, n, place, _nothing) for n, place in places.items())


def _remote(network: Network, link: Link, place: str, target: Any, marks: Any) -> Any:
    endpoint = getattr(target, "endpoint", None)
    if endpoint is not None:
        # The network between has given others their turn already.
        endpoint.yields = False
    return cast("Any", Remote(network, link, place, target, marks))


def _in_cluster(cluster: FakeCluster) -> dict[str, Any]:
    return {
        f"{cluster.region}/{kind.kind}/{space}/{name}": stored.object["metadata"]["resourceVersion"]
        for (kind, space, name), stored in cluster.storage.objects.items()
        if space != SYSTEM
    }


def _in_store(store: FakeStore) -> dict[str, Any]:
    return {
        f"{store.region}/{bucket}/{key}": body
        for bucket, content in store.content.items()
        for key, body in content.items()
    }


def _in_zones(names: FakeNames) -> dict[str, Any]:
    held = (record for records in names.records.values() for record in records)
    return {f"record/{record.set_identifier}": record.weight for record in held}


def _in_force(faults: FakeFaults) -> dict[str, Any]:
    return {f"fault/{name}": fault.at for name, fault in faults._active.items()}  # noqa: SLF001


def _running(load: FakeLoad) -> dict[str, Any]:
    runs = load._runs.items()  # noqa: SLF001
    return {f"load/{name}": True for name, run in runs if run.ended is None}


def _nothing(target: Any) -> dict[str, Any]:
    del target
    return {}


async def _close() -> None:
    return None
