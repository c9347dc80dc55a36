"""Makes the region's API server pass our two APIs on to us."""

import asyncio
import base64

from infctl.lab import credentials
from infctl.lab.autoscaler.discovery import EXTERNAL, RESOURCE, VERSION
from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.cluster import Cluster
from infctl.lab.spec import Lab, Region

MANAGER = "lab"
PORT = 6444
"""Where our server listens, on the region's address for controllers."""
NAMESPACE, SERVICE = "kube-system", "autoscaler"
HOST = f"{SERVICE}.{NAMESPACE}.svc"
"""The name that our certificate has to have."""
_APIS = "/apis/apiregistration.k8s.io/v1/apiservices"
_POLL_SECONDS = 0.1


def listens_on(lab: Lab, region: Region) -> str:
    """The address of our server."""
    return lab.inner(region, "controllers")


async def register(lab: Lab, region: Region) -> None:
    """Register and wait until both are served; the caller has the deadline."""
    token = credentials.token(lab, "lab")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        service = _service(listens_on(lab, region))
        path = f"/api/v1/namespaces/{NAMESPACE}/services/{SERVICE}"
        await cluster.apply(path, service, manager=MANAGER)
        bundle = base64.b64encode(lab.ca.read_bytes()).decode()
        groups = (EXTERNAL, RESOURCE)
        await asyncio.gather(*(_register(cluster, group, bundle) for group in groups))


async def _register(cluster: Cluster, group: str, bundle: str) -> None:
    made = _api(group, bundle)
    path = f"{_APIS}/{made['metadata']['name']}"
    await cluster.apply(path, made, manager=MANAGER)
    while not _is_available(await cluster.get(path)):  # noqa: ASYNC110 - nothing announces it
        await asyncio.sleep(_POLL_SECONDS)


async def unregister(cluster: Cluster) -> None:
    """Take both APIs away again."""
    for group in (EXTERNAL, RESOURCE):
        await cluster.delete(f"{_APIS}/{VERSION}.{group}")
    await cluster.delete(f"/api/v1/namespaces/{NAMESPACE}/services/{SERVICE}")


def _is_available(found: Object) -> bool:
    said = found.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Available" and c["status"] == "True" for c in said)


def _service(address: str) -> Object:
    """A name for a loopback address: the only way to one, for EndpointSlices refuse them."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE},
        "spec": {"type": "ExternalName", "externalName": address},
    }


def _api(group: str, bundle: str) -> Object:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"{VERSION}.{group}"},
        "spec": {
            "group": group,
            "version": VERSION,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "caBundle": bundle,
            "service": {"namespace": NAMESPACE, "name": SERVICE, "port": PORT},
        },
    }
