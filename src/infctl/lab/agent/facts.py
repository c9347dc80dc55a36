"""What the containers of a pod may be told about it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from infctl.lab import addresses

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PodFacts:
    """A pod on its node; `address` is the one it listens on, `api` its API server's `host:port`.

    `containers` are their specs by name.
    """

    uid: str
    namespace: str
    name: str
    node: str
    node_address: str
    address: str
    region: str
    cloud: str
    scratch: str
    service_account: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    api: str = ""
    containers: Mapping[str, Object] = field(default_factory=dict)

    @property
    def known_address(self) -> str:
        """The address by which Kubernetes knows it."""
        return addresses.known_as(self.address)

    def placeholders(self) -> dict[str, str]:
        """What may stand as ${NAME} in an image's environment."""
        return {
            "POD_ADDRESS": self.address,
            "POD_NAME": self.name,
            "POD_NAMESPACE": self.namespace,
            "NODE_NAME": self.node,
            "REGION": self.region,
            "CLOUD_ENDPOINT": self.cloud,
        }

    def of(self, pod: Object) -> "PodFacts":
        """The same pod with the labels and annotations of a newer object."""
        metadata = pod["metadata"]
        return replace(
            self,
            labels=metadata.get("labels") or {},
            annotations=metadata.get("annotations") or {},
        )

    def field(self, path: str) -> str | None:
        """The value behind a fieldRef; None for a path that the lab does not know."""
        simple = {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "metadata.uid": self.uid,
            "spec.nodeName": self.node,
            "spec.serviceAccountName": self.service_account,
            "status.hostIP": self.node_address,
            "status.hostIPs": self.node_address,
            "status.podIP": self.known_address,
            "status.podIPs": self.known_address,
        }
        for kind in ("labels", "annotations"):
            start, end = f"metadata.{kind}['", "']"
            if path.startswith(start) and path.endswith(end):
                found: Mapping[str, str] = getattr(self, kind)
                return found.get(path[len(start) : -len(end)], "")
            if path == f"metadata.{kind}":
                return _listed(getattr(self, kind))
        return simple.get(path)


def _listed(values: Mapping[str, str]) -> str:
    """Labels or annotations as a downwardAPI volume has them."""
    return "\n".join(f"{key}={json.dumps(value)}" for key, value in sorted(values.items()))


def facts_of(
    pod: Object,
    *,
    address: str,
    node_address: str,
    region: str,
    cloud: str,
    scratch: str,
    api: str = "",
) -> PodFacts:
    """The facts of a pod object that is bound to a node."""
    metadata, spec = pod["metadata"], pod["spec"]
    return PodFacts(
        uid=metadata["uid"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        node=spec["nodeName"],
        node_address=node_address,
        address=address,
        region=region,
        cloud=cloud,
        scratch=scratch,
        service_account=spec.get("serviceAccountName", "default"),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        api=api,
        containers={
            c["name"]: c for c in [*(spec.get("initContainers") or ()), *spec["containers"]]
        },
    )
