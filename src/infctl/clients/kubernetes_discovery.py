"""Which kinds a server knows and where they are: aggregated discovery, read purely.

Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from infctl.ports.cluster import Kind

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
ROOTS = ("/api", "/apis")


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind's place: its name in paths, and whether it lives in namespaces."""

    plural: str
    namespaced: bool


def read_discovery(document: Mapping[str, Any]) -> dict[Kind, Resource]:
    """The kinds of one discovery document; entries that are no such are left out."""
    found = {}
    for group in _list(document.get("items")):
        name = str((group.get("metadata") or {}).get("name", ""))
        for version in _list(group.get("versions")):
            api_version = (
                f"{name}/{version.get('version')}" if name else str(version.get("version"))
            )
            for kind, resource in _resources(version):
                found[Kind(api_version, kind)] = resource
    return found


def _resources(version: Mapping[str, Any]) -> Iterator[tuple[str, Resource]]:
    for entry in _list(version.get("resources")):
        kind = (entry.get("responseKind") or {}).get("kind")
        plural = entry.get("resource")
        if isinstance(kind, str) and isinstance(plural, str):
            yield kind, Resource(plural, entry.get("scope") == "Namespaced")


def path_of(kind: Kind, resource: Resource, namespace: str | None, name: str = "") -> str:
    """The path of a collection, or of one object in it."""
    root = "/apis" if "/" in kind.api_version else "/api"
    place = f"/namespaces/{quote(namespace, safe='')}" if namespace and resource.namespaced else ""
    path = f"{root}/{kind.api_version}{place}/{resource.plural}"
    return f"{path}/{quote(name, safe='')}" if name else path


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
