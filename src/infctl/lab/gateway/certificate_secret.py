"""The lab's certificate as a Secret in each region, so that Gateways can refer to it."""

import base64

from infctl.lab import credentials
from infctl.lab.cluster import Cluster, Object
from infctl.lab.gateway.bootstrap import certify
from infctl.lab.spec import Lab, Region

NAME = "infctl-lab-gateway"
NAMESPACE = "default"
_PATH = f"/api/v1/namespaces/{NAMESPACE}/secrets/{NAME}"


async def put(lab: Lab, region: Region) -> None:
    """Apply it; ClusterError where the API server refuses."""
    token = credentials.token(lab, "lab")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        await cluster.apply(_PATH, make(lab, region), manager="infctl-lab")


def make(lab: Lab, region: Region) -> Object:
    """The Secret."""
    chain, key = certify(lab, region)
    files = {"tls.crt": chain, "tls.key": key, "ca.crt": lab.ca}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "data": {name: base64.b64encode(p.read_bytes()).decode() for name, p in files.items()},
    }
