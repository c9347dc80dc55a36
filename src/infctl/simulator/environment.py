"""The simulated environment: the shipped fakes with a service in some regions, and its truth."""

import functools
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from infctl.fakes.cluster import FakeCluster
from infctl.fakes.controllers import take_up
from infctl.fakes.storage import Key, Stored, stamp
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model import fence
from infctl.platform import Platform, Region, load
from infctl.platform.render import cloud_names
from infctl.ports.cloud import Record
from infctl.ports.cluster import DEPLOYMENT, HTTP_ROUTE, Kind, Object
from infctl.simulator.clock import WorldClock

SYSTEM = fence.SYSTEM
NODES = ("node-1", "node-2")
"""Nodes of each region, the second of them closed to new pods."""
NOTES = ("note-1", "note-2")
"""ConfigMaps that plans apply and remove, the second of them there from the beginning."""
_LATER = 100
"""A version of the cluster after those of all that it begins with."""
_BOOKKEEPING = ("uid", "resourceVersion", "generation", "managedFields", "creationTimestamp")


WITNESS = "witness-eu-central-1"
"""The third place of the lock where there are two regions."""
_PAIR = 2
_MORE = (
    Region(name="sa-east-1", country="BR", residency="sa"),
    Region(name="ca-central-1", country="CA", residency="ca"),
)


@functools.cache
def _starter() -> Platform:
    return load(Path(str(files("infctl.platform"))) / "starter.yaml")


@functools.cache
def platform(regions: int = 3) -> Platform:
    """The platform that `infctl init` writes, with one to five regions.

    The simulator needs no file of the user's.
    """
    chosen = _starter()
    return chosen.model_copy(update={"regions": (*chosen.regions, *_MORE)[:regions]})


def lock_names(regions: int) -> tuple[str, ...]:
    """The places of the lock: a majority of them is a holder."""
    names = platform(regions).region_names
    return (*names, WITNESS) if regions == _PAIR else names


@functools.cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="infctl-sim-")


def scratch() -> Path:
    """A folder of this process alone, gone with it: clients make one for their log."""
    return Path(_folder().name)


def build(regions: int = 3) -> FakeWorld:
    """Every region with two replicas, its switches' bucket and its record."""
    chosen = platform(regions)
    service = chosen.service
    world = fake_world(chosen.region_names, host=service.host, clock=WorldClock())
    world.names.zones[service.zone] = "Z1"
    world.names.records["Z1"] = [
        Record(service.host, "A", name, 100, 20, (address,))
        for name, address in world.gateways.items()
    ]
    for name, cluster in world.clusters.items():
        cluster.controllers.append(take_up)
        cluster.storage.objects.update(_content(name))
        cluster.storage.version = _LATER
        world.stores[name].content[cloud_names.switches_bucket(chosen, name)] = {}
    return world


@functools.cache
def _content(region: str) -> dict[Key, Stored]:
    """What every run finds in a cluster; stored objects are replaced, never changed."""
    cluster = FakeCluster(region)
    cluster.controllers.append(take_up)
    service = platform().service.name
    for namespace in (SYSTEM, service):
        _put(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": _named(namespace)})
    _put(cluster, _deployment(service))
    _put(cluster, _newest_fence())
    _put(cluster, _scaled_object(service))
    _put(cluster, _route(service))
    _put(cluster, _note(service, region))
    for number, name in enumerate(NODES):
        _put(cluster, _node(name, is_closed=bool(number)))
    return dict(cluster.storage.objects)


def _put(cluster: FakeCluster, manifest: Object) -> None:
    """An object as it is from the beginning."""
    metadata = manifest["metadata"]
    kind = Kind.of(manifest)
    stamp(manifest, None, {})
    for controller in cluster.controllers:
        controller(manifest)
    key = (kind, metadata.get("namespace", ""), metadata["name"])
    cluster.storage.write(key, manifest, {})


def _named(name: str) -> Object:
    return {"name": name}


def _newest_fence() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": fence.CONFIG_MAP_NAME, "namespace": SYSTEM},
        "data": {fence.KEY: "0"},
    }


def _deployment(service: str) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{service}-stable", "namespace": service},
        "spec": {"replicas": 2},
    }


def _scaled_object(service: str) -> Object:
    name = f"{service}-stable"
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name, "namespace": service},
        "spec": {"scaleTargetRef": {"name": name}},
    }


def _route(service: str) -> Object:
    weights = {"stable": 100, "canary": 0}
    backends = [{"name": f"{service}-{name}", "weight": w} for name, w in weights.items()]
    return {
        "apiVersion": HTTP_ROUTE.api_version,
        "kind": HTTP_ROUTE.kind,
        "metadata": {"name": service, "namespace": service},
        "spec": {"rules": [{"backendRefs": backends}]},
    }


def _note(service: str, region: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NOTES[1], "namespace": service},
        "data": {"region": region, "text": "somebody's", "more": "kept"},
    }


def _node(name: str, *, is_closed: bool) -> Object:
    spec = {"unschedulable": True} if is_closed else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": _named(name), "spec": spec}


def replicas(world: FakeWorld, region: str) -> tuple[int, int]:
    """Wanted and ready replicas of the service, as they truly are."""
    name = platform().service.name
    found = world.clusters[region].storage.objects[(DEPLOYMENT, name, f"{name}-stable")].object
    return int(found["spec"]["replicas"]), int(found["status"].get("readyReplicas") or 0)


def regions_on(world: FakeWorld) -> tuple[str, ...]:
    """The regions that no keeper holds a switch of and no fault has stopped."""
    hurt = {f.target.removeprefix("region/") for f in world.faults._active.values()}  # noqa: SLF001
    held: set[str] = set()
    for store in world.stores.values():
        held.update(*store.content.values())
    return tuple(
        region
        for region in world.clusters
        if region not in hurt and cloud_names.switch_key(region) not in held
    )


def picture(world: FakeWorld) -> dict[str, Any]:
    """Everything that a run may change, by place; objects as they are stored, not copied."""
    return dict(_places(world))


def _places(world: FakeWorld) -> Iterator[tuple[str, Any]]:
    for region, cluster in world.clusters.items():
        yield from _objects(region, cluster)
    for region, store in world.stores.items():
        for bucket, content in store.content.items():
            yield from ((f"{region}/{bucket}/{key}", True) for key in content)
    yield from ((f"fault/{f.id}", True) for f in world.faults._active.values())  # noqa: SLF001
    runs = world.load._runs.items()  # noqa: SLF001
    yield from ((f"load/{name}", True) for name, run in runs if run.ended is None)
    for records in world.names.records.values():
        yield from ((f"record/{r.set_identifier}", r.weight) for r in records)


def _objects(region: str, cluster: FakeCluster) -> Iterator[tuple[str, Any]]:
    for (kind, namespace, name), stored in cluster.storage.objects.items():
        if namespace != SYSTEM:
            yield f"{region}/{kind.kind}/{namespace}/{name}", stored.object


def differences(before: dict[str, Any], after: dict[str, Any]) -> frozenset[str]:
    """The places that are not the same, but for what only servers write."""
    return frozenset(
        place
        for place in before.keys() | after.keys()
        if before.get(place) is not after.get(place)
        and _plain(before.get(place)) != _plain(after.get(place))
    )


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    metadata = {k: v for k, v in value["metadata"].items() if k not in _BOOKKEEPING}
    notes = metadata.pop("annotations", {})
    kept = {k: v for k, v in notes.items() if not k.startswith("infctl.dev/")}
    rest = {k: v for k, v in value.items() if k not in ("metadata", "status")}
    return {**rest, "metadata": {**metadata, "annotations": kept}}
