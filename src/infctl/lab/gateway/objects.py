"""What the translation reads and what it makes."""

from dataclasses import dataclass, field

from infctl.lab.following import Key, Object, key

GROUP = "gateway.networking.k8s.io"
ENVOY_GROUP = "gateway.envoyproxy.io"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"


@dataclass(slots=True)
class Objects:
    """Kubernetes objects by (namespace, name); the namespace of cluster-wide ones is empty."""

    classes: dict[Key, Object] = field(default_factory=dict)
    gateways: dict[Key, Object] = field(default_factory=dict)
    routes: dict[Key, Object] = field(default_factory=dict)
    grants: dict[Key, Object] = field(default_factory=dict)
    services: dict[Key, Object] = field(default_factory=dict)
    slices: dict[Key, Object] = field(default_factory=dict)
    backends: dict[Key, Object] = field(default_factory=dict)
    policies: dict[Key, Object] = field(default_factory=dict)
    namespaces: dict[Key, Object] = field(default_factory=dict)
    secrets: dict[Key, Object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway is: its region, addresses and access log.

    `address` is that which clients use, `bound` that which Envoy binds: a proxy can stand between.
    """

    region: str
    address: str
    bound: str
    access_log: str
    first_routes: tuple[Object, ...] = ()
    tracing: Object | None = None


@dataclass(frozen=True, slots=True)
class Statuses:
    """What is to be said of each object that we answer for; without the times of conditions."""

    classes: dict[Key, Object] = field(default_factory=dict)
    gateways: dict[Key, Object] = field(default_factory=dict)
    routes: dict[Key, list[Object]] = field(default_factory=dict)
    policies: dict[Key, list[Object]] = field(default_factory=dict)
    backends: dict[Key, Object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resources:
    """Envoy's resources as JSON, by kind, and the status of each object that we answer for."""

    listeners: list[Object]
    routes: list[Object]
    clusters: list[Object]
    endpoints: list[Object]
    secrets: list[Object]
    statuses: Statuses


class Unsupported(Exception):
    """An object asks for what this gateway cannot do; `reason` is the condition's."""

    def __init__(self, message: str, reason: str = "UnsupportedValue") -> None:
        super().__init__(message)
        self.reason = reason


MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What reading an object raises that is not of its definition's form."""


def generation(item: Object) -> int:
    """The generation that a status speaks of."""
    return int(item["metadata"].get("generation", 0))


def oldest_first(items: dict[Key, Object]) -> list[Object]:
    """Gateway API's order of precedence: by age, then by name."""
    return sorted(
        items.values(), key=lambda o: (o["metadata"].get("creationTimestamp", ""), key(o))
    )


def condition(
    kind: str, of: int, problem: Unsupported | None = None, *, good: bool | None = None
) -> Object:
    """A condition without its time: true where there is no problem, or where `good` says so."""
    status = problem is None if good is None else good
    return {
        "type": kind,
        "status": "True" if status else "False",
        "reason": problem.reason if problem else kind,
        "message": str(problem)[:1024] if problem else "",
        "observedGeneration": of,
    }
