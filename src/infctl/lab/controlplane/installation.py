"""What a region's API server must hold before others use it: roles, definitions, gateway class."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from ruamel.yaml import YAML

from infctl.lab import credentials, definitions
from infctl.lab.cluster import Cluster, ClusterError, Object
from infctl.lab.controlplane import roles
from infctl.lab.fetch.gateway_api import PARSED
from infctl.lab.spec import Lab, Region

MANAGER = "infctl-lab"
GATEWAY_CLASS: Object = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "envoy"},
    "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
}
RECORD: Object = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "infctl-lab", "namespace": "kube-system"},
}
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PLACES = {
    "ClusterRole": (_RBAC, "clusterroles"),
    "ClusterRoleBinding": (_RBAC, "clusterrolebindings"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "CustomResourceDefinition": ("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "GatewayClass": ("/apis/gateway.networking.k8s.io/v1", "gatewayclasses"),
}
_KIND = "CustomResourceDefinition"
_NOT_FOUND = 404
_CONFLICT = 409
_TRANSIENT = (0, 429, 500, 503, 504)
_POLL_SECONDS = 0.1
_AT_ONCE = 12
_LOG = logging.getLogger(__name__)
T = TypeVar("T")


async def install(lab: Lab, region: Region) -> None:
    """Create all of it, side by side, and wait until it is served; the caller has the deadline.

    What was installed is recorded, so that a region that starts again with its data is quick.
    """
    wanted = [*roles.objects(), *_definitions(lab)]
    digest = hashlib.sha256(json.dumps([wanted, GATEWAY_CLASS]).encode()).hexdigest()
    token = credentials.token(lab, "lab")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        if await _patiently(lambda: _recorded(cluster)) == digest:
            return
        await _put_all(cluster, wanted)
        await asyncio.gather(*(_served(cluster, *kinds) for kinds in _kinds(wanted).items()))
        # The server holds back creations, but not applies, for two seconds after a kind is new.
        await _patiently(
            lambda: cluster.apply(_path_of(GATEWAY_CLASS), GATEWAY_CLASS, manager=MANAGER)
        )
        await _put_all(cluster, [{**RECORD, "data": {"digest": digest}}])


async def _put_all(cluster: Cluster, wanted: list[Object]) -> None:
    # Who waits for a connection would use up the time that a request has.
    turns = asyncio.Semaphore(_AT_ONCE)

    async def put(item: Object) -> None:
        async with turns:
            await _patiently(lambda: _put(cluster, item))

    async with asyncio.TaskGroup() as tasks:
        for item in wanted:
            tasks.create_task(put(item))


async def _patiently(act: Callable[[], Awaitable[T]]) -> T:
    """Do it again while the server does not answer, or is not up to it yet: it has just started."""
    while True:
        try:
            return await act()
        except ClusterError as error:
            if error.status not in _TRANSIENT:
                raise
            _LOG.info("tried again: %s", error)
        await asyncio.sleep(_POLL_SECONDS)


async def _recorded(cluster: Cluster) -> str:
    try:
        found = await cluster.get(_path_of(RECORD))
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        return ""
    return str(found.get("data", {}).get("digest", ""))


async def _put(cluster: Cluster, item: Object) -> None:
    """Create an object, or make an earlier one alike: creating costs half of what applying does."""
    path = _path_of(item)
    try:
        await cluster.create(f"{path.rpartition('/')[0]}?fieldManager={MANAGER}", item)
    except ClusterError as error:
        if error.status != _CONFLICT:
            raise
        await cluster.apply(path, item, manager=MANAGER)


def _path_of(item: Object) -> str:
    metadata = item["metadata"]
    group, plural = _PLACES[item["kind"]]
    inside = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{group}{inside}/{plural}/{metadata['name']}"


def _kinds(wanted: list[Object]) -> dict[str, set[str]]:
    """Which plurals each group's version must serve."""
    found: dict[str, set[str]] = {}
    for spec in (o["spec"] for o in wanted if o["kind"] == _KIND):
        for version in spec["versions"]:
            if version["served"]:
                path = f"/apis/{spec['group']}/{version['name']}"
                found.setdefault(path, set()).add(spec["names"]["plural"])
    return found


async def _served(cluster: Cluster, path: str, plurals: set[str]) -> None:
    """Wait until discovery shows them: a kind is served a moment after it was defined.

    Asking for the objects themselves would make the server build all that it needs to store them.
    """
    while not plurals <= await _patiently(lambda: _discover(cluster, path)):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_SECONDS)


async def _discover(cluster: Cluster, path: str) -> set[str]:
    try:
        found = await cluster.get(path)
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        return set()
    return {resource["name"] for resource in found["resources"]}


def _definitions(lab: Lab) -> list[Object]:
    """Gateway API's own, fetched beside Kubernetes, and our structural ones."""
    found: list[Object] = json.loads(_path(lab).read_text())
    return found


def parse_definitions(lab: Lab, fetched: Path) -> None:
    """Read the definitions in `fetched` and our own once, for all regions of a lab.

    Parsing Gateway API's takes a second, so what was parsed when they were fetched is taken.
    """
    parsed = fetched / PARSED
    documents = json.loads(parsed.read_text()) if parsed.exists() else _parse(fetched)
    documents += _parse(definitions.folder())
    _path(lab).parent.mkdir(parents=True, exist_ok=True)
    kinds = [d for d in documents if d["kind"] == _KIND]
    _path(lab).write_text(json.dumps(kinds, default=str))


def _parse(folder: Path) -> list[Object]:
    yaml = YAML(typ="safe", pure=False)
    return [d for f in sorted(folder.glob("*.yaml")) for d in yaml.load_all(f.read_text()) if d]


def _path(lab: Lab) -> Path:
    return lab.folder() / "definitions.json"
