"""What our two APIs say of themselves, and how Kubernetes words answers. Pure."""

from infctl.lab.autoscaler.triggers.common import Object

EXTERNAL = "external.metrics.k8s.io"
RESOURCE = "metrics.k8s.io"
VERSION = "v1beta1"
_READ = ["get", "list"]


def api_group(group: str) -> Object:
    """An APIGroup with its one version."""
    version = {"groupVersion": f"{group}/{VERSION}", "version": VERSION}
    return {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": group,
        "versions": [version],
        "preferredVersion": version,
    }


def resource_list(group: str) -> Object:
    """An APIResourceList; external metrics are listed by nobody, for there is no end of them."""
    resources = [_resource("nodes", "NodeMetrics", False), _resource("pods", "PodMetrics", True)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{VERSION}",
        "resources": resources if group == RESOURCE else [],
    }


def _resource(name: str, kind: str, namespaced: bool) -> Object:
    return {
        "name": name,
        "singularName": "",
        "namespaced": namespaced,
        "kind": kind,
        "verbs": _READ,
    }


def failure(code: int, reason: str, message: str) -> Object:
    """A Status that says what went wrong."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
