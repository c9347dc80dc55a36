"""The `__meta_kubernetes_…` labels of services and pods. Pure."""

import re

from infctl.lab.following import Object

_OTHERS = re.compile(r"[^a-zA-Z0-9_]")
_META = "__meta_kubernetes"


def label_name(name: str) -> str:
    """A label of Kubernetes as Prometheus may name it."""
    return _OTHERS.sub("_", name)


def service_meta(service: Object) -> Object:
    """What is known of a service."""
    metadata = service["metadata"]
    return {
        f"{_META}_namespace": metadata["namespace"],
        f"{_META}_service_name": metadata["name"],
        **_mapped("service_label", metadata.get("labels")),
        **_mapped("service_annotation", metadata.get("annotations")),
    }


def pod_meta(pod: Object, port: int, container: str) -> Object:
    """What is known of a pod, and of the port that is scraped."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    owners = metadata.get("ownerReferences") or []
    owner: Object = next((o for o in owners if o.get("controller")), {})
    found = {
        "pod_name": metadata["name"],
        "pod_uid": metadata.get("uid", ""),
        "pod_ip": status.get("podIP", ""),
        "pod_phase": status.get("phase", ""),
        "pod_ready": _ready(status),
        "pod_node_name": (pod.get("spec") or {}).get("nodeName", ""),
        "pod_host_ip": status.get("hostIP", ""),
        "pod_container_name": container,
        "pod_container_port_number": str(port),
        "pod_controller_kind": owner.get("kind", ""),
        "pod_controller_name": owner.get("name", ""),
    }
    return {
        f"{_META}_namespace": metadata["namespace"],
        **{f"{_META}_{name}": value for name, value in found.items()},
        **_mapped("pod_label", metadata.get("labels")),
        **_mapped("pod_annotation", metadata.get("annotations")),
    }


def _ready(status: Object) -> str:
    told = (c["status"] for c in status.get("conditions") or [] if c["type"] == "Ready")
    return str(next(told, "unknown")).lower()


def _mapped(kind: str, values: Object | None) -> Object:
    found: Object = {}
    for name, value in (values or {}).items():
        found[f"{_META}_{kind}_{label_name(name)}"] = value
        found[f"{_META}_{kind}present_{label_name(name)}"] = "true"
    return found
