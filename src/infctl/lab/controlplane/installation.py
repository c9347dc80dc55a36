"""What a region's API server must hold before others use it: roles, definitions, gateway class."""

import asyncio
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from infctl.lab import credentials, definitions
from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.controlplane import roles
from infctl.lab.spec import Lab, Region

MANAGER = "infctl-lab"
GATEWAY_CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "envoy"},
    "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
}
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PLURALS = {"ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings"}
_KIND = "CustomResourceDefinition"
_PARSED = "parsed.json"
_NOT_FOUND = 404
_POLL_SECONDS = 0.1


async def install(lab: Lab, region: Region) -> None:
    """Apply all of it, side by side; applying it again changes nothing."""
    token = credentials.token(lab, "lab")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        grants = [_grant(cluster, role) for role in roles.objects()]
        kinds = [_define(cluster, d) for d in _definitions(lab)]
        await asyncio.gather(*grants, *kinds)
        path = "/apis/gateway.networking.k8s.io/v1/gatewayclasses/envoy"
        await cluster.apply(path, GATEWAY_CLASS, manager=MANAGER)


async def _grant(cluster: Cluster, role: dict[str, Any]) -> None:
    path = f"{_RBAC}/{_PLURALS[role['kind']]}/{role['metadata']['name']}"
    await cluster.apply(path, role, manager=MANAGER)


async def _define(cluster: Cluster, definition: dict[str, Any]) -> None:
    """Apply a definition and wait until its kind is served; the caller has the deadline."""
    path = f"{_CRDS}/{definition['metadata']['name']}"
    await cluster.apply(path, definition, manager=MANAGER)
    spec = definition["spec"]
    served = next(v["name"] for v in spec["versions"] if v["served"])
    path = f"/apis/{spec['group']}/{served}/{spec['names']['plural']}"
    # The condition `Established` comes before the kind is served; nothing announces the latter.
    while not await _is_served(cluster, path):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_SECONDS)


async def _is_served(cluster: Cluster, path: str) -> bool:
    try:
        await cluster.get(path, limit="1")
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        return False
    return True


def _definitions(lab: Lab) -> list[dict[str, Any]]:
    """Gateway API's own, fetched beside Kubernetes, and our structural ones."""
    found: list[dict[str, Any]] = json.loads(_path(lab).read_text())
    return found


def parse_definitions(lab: Lab, fetched: Path) -> None:
    """Read the definitions in `fetched` and our own once, for all regions of a lab.

    Parsing Gateway API's takes a second, so what was parsed when they were fetched is taken.
    """
    parsed = fetched / _PARSED
    documents = json.loads(parsed.read_text()) if parsed.exists() else _parse(fetched)
    documents += _parse(definitions.folder())
    _path(lab).parent.mkdir(parents=True, exist_ok=True)
    kinds = [d for d in documents if d["kind"] == _KIND]
    _path(lab).write_text(json.dumps(kinds, default=str))


def _parse(folder: Path) -> list[dict[str, Any]]:
    yaml = YAML(typ="safe", pure=False)
    return [d for f in sorted(folder.glob("*.yaml")) for d in yaml.load_all(f.read_text()) if d]


def _path(lab: Lab) -> Path:
    return lab.folder() / "definitions.json"
