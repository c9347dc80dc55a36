"""What the translation reads and what it makes."""

from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str]

GROUP = "gateway.networking.k8s.io"
CLASS = "envoy"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"


@dataclass(slots=True)
class Objects:
    """Kubernetes objects by (namespace, name)."""

    gateways: dict[Key, Object] = field(default_factory=dict)
    routes: dict[Key, Object] = field(default_factory=dict)
    services: dict[Key, Object] = field(default_factory=dict)
    slices: dict[Key, Object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway is: its region, the address it listens on and its access log."""

    region: str
    address: str
    access_log: str


@dataclass(frozen=True, slots=True)
class Resources:
    """Envoy's resources as JSON, by kind, and the status of each object that we answer for."""

    listeners: list[Object]
    routes: list[Object]
    clusters: list[Object]
    endpoints: list[Object]
    gateway_status: dict[Key, Object]
    route_status: dict[Key, list[Object]]


class Unsupported(Exception):
    """An object asks for what this gateway cannot do; `reason` is the condition's."""

    def __init__(self, message: str, reason: str = "UnsupportedValue") -> None:
        super().__init__(message)
        self.reason = reason


def key(item: Object) -> Key:
    """Namespace and name of an object."""
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def oldest_first(items: dict[Key, Object]) -> list[Object]:
    """Gateway API's order of precedence: by age, then by name."""
    return sorted(
        items.values(), key=lambda o: (o["metadata"].get("creationTimestamp", ""), key(o))
    )


def condition(kind: str, generation: int, reason: str = "", message: str = "") -> Object:
    """A condition without its time: true where `reason` is empty or says what the kind says."""
    good = reason in ("", kind)
    return {
        "type": kind,
        "status": "True" if good else "False",
        "reason": reason or kind,
        "message": message[:1024],
        "observedGeneration": generation,
    }
