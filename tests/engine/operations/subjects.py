"""A world for each operation, and one example of its arguments."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from one_run import make_namespaces

from infctl.engine.autoscaling import AUTOSCALER
from infctl.engine.holding import SCALE_IN
from infctl.engine.operations.restart_deployment import ANNOTATION
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.plan import Operation
from infctl.ports.cloud import Record
from infctl.ports.cluster import (
    CONFIG_MAP,
    DEPLOYMENT,
    HTTP_ROUTE,
    NODE,
    POD,
    SCALED_OBJECT,
    Kind,
    Object,
)

REGION = "eu-west-1"
SPACE = "vision"
HOST = "vision.infctl.test"
ZONE = "infctl.test"
REPLICA_SET = Kind("apps/v1", "ReplicaSet")
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
PLACE = {"region": REGION, "namespace": SPACE}

Meddle = Callable[[FakeWorld], Awaitable[None]]


@dataclass
class Subject:
    """An operation in its world.

    `changed` is what somebody else does to its object between the look and the act; `anew` makes
    the object another one of the same name. `key` is which object holds the state.
    """

    args: dict[str, Any]
    changed: Meddle | None = None
    anew: tuple[Kind, str, str | None] | None = None
    expects: Any = None
    volatile: frozenset[str] = field(default_factory=frozenset)


def cluster_of(fakes: FakeWorld) -> FakeCluster:
    return fakes.clusters[REGION]


def labels() -> dict[str, str]:
    return {"app": "web"}


async def build() -> FakeWorld:
    """Regions, a Deployment with two pods on a node, a route, a ScaledObject, and records."""
    fakes = fake_world()
    await make_namespaces(fakes, SPACE, "infctl-system")
    cluster = cluster_of(fakes)
    cluster.known |= {AUTOSCALER, REPLICA_SET}
    cluster.controllers += [take_up, autoscale(cluster), make_pods(cluster)]
    for manifest in manifests():
        await cluster.apply_as("people", manifest)
    await _records(fakes)
    return fakes


async def _records(fakes: FakeWorld) -> None:
    zone = await fakes.names.ensure_zone(ZONE)
    for name, address in fakes.gateways.items():
        await fakes.names.upsert_record(zone, Record(HOST, "A", name, 100, 20, (address,)))


def manifests() -> list[Object]:
    return [
        _object(NODE, "node-1", None, spec={}),
        _object(
            REPLICA_SET,
            "web-1",
            SPACE,
            spec={"replicas": 2},
        ),
        _object(
            DEPLOYMENT,
            "web",
            SPACE,
            spec={
                "replicas": 2,
                "selector": {"matchLabels": labels()},
                "template": {"metadata": {"labels": labels()}},
            },
        ),
        _object(
            HTTP_ROUTE,
            "web",
            SPACE,
            spec={
                "rules": [
                    {
                        "backendRefs": [
                            {"name": "stable", "port": 80, "weight": 9},
                            {"name": "canary", "port": 80, "weight": 1},
                        ]
                    }
                ]
            },
        ),
        _object(SCALED_OBJECT, "web", SPACE, spec={"maxReplicaCount": 4}),
        _object(CONFIG_MAP, "limits", SPACE, data={"most": "7", "least": "1"}),
    ]


def _object(kind: Kind, name: str, namespace: str | None, **rest: Any) -> Object:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **rest}


def pod(name: str, annotations: dict[str, str] | None = None, owner: str = "web-1") -> Object:
    """A pod of the ReplicaSet on the node; without an owner nobody makes it anew."""
    found = _object(POD, name, SPACE, spec={"nodeName": "node-1"})
    found["metadata"]["labels"] = labels()
    found["metadata"]["annotations"] = annotations or {}
    if owner:
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner}
        found["metadata"]["ownerReferences"] = [{**reference, "uid": "u", "controller": True}]
    found["status"] = READY
    return found


def take_up(found: Object) -> None:
    """Every gateway takes a route up; a ReplicaSet's pods are ready."""
    if found["kind"] == "HTTPRoute":
        generation = found["metadata"]["generation"]
        words = [
            {"type": t, "status": "True", "observedGeneration": generation}
            for t in ("Accepted", "ResolvedRefs")
        ]
        found["status"] = {"parents": [{"conditions": words}]}
    if found["kind"] == "ReplicaSet":
        generation = found["metadata"]["generation"]
        found["status"] = {
            "readyReplicas": found["spec"]["replicas"],
            "observedGeneration": generation,
        }


_PAUSES = ("paused", "paused-replicas")


def autoscale(cluster: FakeCluster) -> Callable[[Object], None]:
    """KEDA: an autoscaler for each ScaledObject that is not paused; one that may not scale in."""

    def controller(found: Object) -> None:
        if found["kind"] != "ScaledObject":
            return
        key = (AUTOSCALER, SPACE, f"keda-hpa-{found['metadata']['name']}")
        annotations = found["metadata"].get("annotations") or {}
        is_paused = any(f"autoscaling.keda.sh/{k}" in annotations for k in _PAUSES)
        down = {"scaleDown": {"selectPolicy": "Disabled"}}
        held = {"spec": {"behavior": down}} if SCALE_IN in annotations else {}
        if is_paused and key in cluster.storage.objects:
            cluster.storage.remove(key)
        elif not is_paused:
            cluster.storage.write(key, _object(AUTOSCALER, key[2], SPACE, **held), {})

    return controller


def make_pods(cluster: FakeCluster) -> Callable[[Object], None]:
    """A Deployment's pods, of its newest template, ready at once."""

    def controller(found: Object) -> None:
        if found["kind"] != "Deployment":
            return
        metadata = found["spec"].get("template", {}).get("metadata") or {}
        mark = (metadata.get("annotations") or {}).get(ANNOTATION, "")
        annotations = {ANNOTATION: mark} if mark else {}
        for number in range(2):
            made = pod(f"web-{number}", annotations)
            made["metadata"]["uid"] = f"uid-{number}-{len(mark)}"
            cluster.storage.write((POD, SPACE, f"web-{number}"), made, {})

    return controller


async def _rewrite(fakes: FakeWorld, kind: Kind, name: str, patch: Object) -> None:
    cluster = cluster_of(fakes)
    namespace = None if kind == NODE else SPACE
    await cluster.merge(kind, name, namespace, patch)


def _by_merge(kind: Kind, name: str, patch: Object) -> Meddle:
    async def meddle(fakes: FakeWorld) -> None:
        await _rewrite(fakes, kind, name, patch)

    return meddle


async def _other_weight(fakes: FakeWorld) -> None:
    zone = await fakes.names.ensure_zone(ZONE)
    address = fakes.gateways[REGION]
    await fakes.names.upsert_record(zone, Record(HOST, "A", REGION, 55, 20, (address,)))


_WEIGHTS = {"spec": {"rules": [{"backendRefs": [{"name": "stable", "weight": 5}]}]}}
_PAUSED = {"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "9"}}}
_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
SUBJECTS: dict[str, Subject] = {
    "set_region_weight": Subject(
        {"region": REGION, "zone": ZONE, "host": HOST, "weight": 0, "samples": 12},
        _other_weight,
    ),
    "set_route_weights": Subject(
        {**PLACE, "name": "web", "weights": {"stable": 1, "canary": 3}},
        _by_merge(HTTP_ROUTE, "web", _WEIGHTS),
        (HTTP_ROUTE, "web", SPACE),
    ),
    "pause_autoscaling": Subject(
        {**PLACE, "name": "web", "replicas": 3},
        _by_merge(SCALED_OBJECT, "web", _PAUSED),
        (SCALED_OBJECT, "web", SPACE),
    ),
    "hold_replicas": Subject(
        {**PLACE, "name": "web"},
        anew=(SCALED_OBJECT, "web", SPACE),
    ),
    "scale_deployment": Subject(
        {**PLACE, "name": "web", "replicas": 5},
        _by_merge(DEPLOYMENT, "web", {"spec": {"replicas": 3}}),
        (DEPLOYMENT, "web", SPACE),
    ),
    "restart_deployment": Subject(
        {**PLACE, "name": "web"},
        _by_merge(
            DEPLOYMENT,
            "web",
            {"spec": {"template": {"metadata": {"annotations": {ANNOTATION: "other"}}}}},
        ),
        (DEPLOYMENT, "web", SPACE),
    ),
    "cordon_node": Subject({"region": REGION, "name": "node-1"}, anew=(NODE, "node-1", None)),
    "drain_node": Subject({"region": REGION, "name": "node-1"}, anew=(NODE, "node-1", None)),
    "evict_pod": Subject({**PLACE, "name": "web-0"}, anew=(POD, "web-0", SPACE)),
    "delete_pod": Subject({**PLACE, "name": "web-0"}, anew=(POD, "web-0", SPACE)),
    "apply_object": Subject(
        {
            "region": REGION,
            "manifest": {
                **_MAP,
                "metadata": {"name": "limits", "namespace": SPACE},
                "data": {"most": "9", "new": "x"},
            },
            "force": True,
        },
        _by_merge(CONFIG_MAP, "limits", {"data": {"most": "8"}}),
        (CONFIG_MAP, "limits", SPACE),
    ),
    "remove_object": Subject(
        {**PLACE, "api_version": "v1", "kind": "ConfigMap", "name": "limits"},
        _by_merge(CONFIG_MAP, "limits", {"data": {"most": "8"}}),
        (CONFIG_MAP, "limits", SPACE),
    ),
}
"""By kind; uncordon, resume and release are the undo of others here."""
UNDOABLE = (
    "set_region_weight",
    "set_route_weights",
    "pause_autoscaling",
    "hold_replicas",
    "scale_deployment",
    "cordon_node",
    "apply_object",
    "remove_object",
)


def operation(kind: str) -> Operation:
    return Operation(kind, SUBJECTS[kind].args, region=REGION)


def picture(fakes: FakeWorld) -> dict[str, Any]:
    """All content: what people wrote, of every object, and every record."""
    found: dict[str, Any] = {}
    for key, stored in cluster_of(fakes).storage.objects.items():
        plain = {k: v for k, v in stored.object.items() if k not in ("metadata", "status")}
        plain["annotations"] = stored.object["metadata"].get("annotations") or {}
        plain["labels"] = stored.object["metadata"].get("labels") or {}
        found[f"{key[0].kind}/{key[1]}/{key[2]}"] = plain
    found["records"] = sorted(
        (r.set_identifier, r.weight) for rs in fakes.names.records.values() for r in rs
    )
    return found
