"""What conditions say of classes, Gateways, routes and Backends, as Gateway API names it. Pure."""

from infctl.lab.following import Key, Object, key
from infctl.lab.gateway.backends import backend_endpoints
from infctl.lab.gateway.features import FEATURES
from infctl.lab.gateway.gateways import Listener, our_classes
from infctl.lab.gateway.objects import (
    CONTROLLER,
    Objects,
    Place,
    Statuses,
    Unsupported,
    condition,
    generation,
)
from infctl.lab.gateway.rules import Ruled

_MOST_FEATURES = 64


def of_classes(objects: Objects) -> dict[Key, Object]:
    """Our classes: accepted, with what is served."""
    names = our_classes(objects)
    return {
        where: {
            "conditions": [condition("Accepted", generation(item))],
            "supportedFeatures": [{"name": name} for name in FEATURES[:_MOST_FEATURES]],
        }
        for where, item in objects.classes.items()
        if where[1] in names
    }


def of_gateway(
    gateway: Object,
    listeners: list[Listener],
    place: Place,
    attached: dict[tuple[Key, str], int],
) -> Object:
    """A Gateway and each of its listeners."""
    of = generation(gateway)
    bad = [i for i in listeners if i.refused or i.conflict or i.unresolved]
    served = any(i.is_served for i in listeners)
    accepted = Unsupported("some listeners are not served", "ListenersNotValid") if bad else None
    programmed = _address_problem(gateway, place)
    if not served:
        programmed = Unsupported("no listener is served", "Invalid")
    return {
        "addresses": [{"type": "IPAddress", "value": place.address}],
        "conditions": [
            condition("Accepted", of, accepted, good=served),
            condition("Programmed", of, programmed),
        ],
        "listeners": [_of_listener(of, i, attached) for i in listeners],
    }


def refuse(statuses: Statuses, sources: list[str]) -> None:
    """Say of every Gateway that Envoy did not take what was made for it."""
    problem = Unsupported(f"Envoy refused {', '.join(sources)}; see its log", "Invalid")
    for status in statuses.gateways.values():
        status["conditions"] = [
            condition(c["type"], c["observedGeneration"], problem)
            if c["type"] == "Programmed"
            else c
            for c in status["conditions"]
        ]


def of_parent(
    reference: Object, route: Object, problem: Unsupported | None, ruled: Ruled
) -> Object:
    """A route as one of its parents sees it."""
    of = generation(route)
    unresolved = ruled.unresolved[0] if ruled.unresolved else None
    made = [condition("Accepted", of, problem), condition("ResolvedRefs", of, unresolved)]
    if ruled.dropped and not problem:
        said = "; ".join(str(p) for p in ruled.dropped)
        partly = Unsupported(f"Dropped Rule(s): {said}", "UnsupportedValue")
        made.append(condition("PartiallyInvalid", of, partly, good=True))
    return {"parentRef": reference, "controllerName": CONTROLLER, "conditions": made}


def of_backends(objects: Objects) -> dict[Key, Object]:
    """Backends of Envoy Gateway."""
    made = {}
    for where, item in objects.backends.items():
        problem = None
        try:
            backend_endpoints(item)
        except Unsupported as found:
            problem = found
        made[where] = {"conditions": [condition("Accepted", generation(item), problem)]}
    return made


def _address_problem(gateway: Object, place: Place) -> Unsupported | None:
    for wanted in gateway["spec"].get("addresses") or []:
        if wanted.get("value") not in (None, "", place.address):
            said = f"the only address here is {place.address}"
            return Unsupported(said, "AddressNotUsable")
    return None


def _of_listener(of: int, listener: Listener, attached: dict[tuple[Key, str], int]) -> Object:
    name = listener.spec["name"]
    refused = listener.refused or (
        listener.conflict and Unsupported(str(listener.conflict), "PortUnavailable")
    )
    invalid = None if listener.is_served else Unsupported("see the other conditions", "Invalid")
    conflict = listener.conflict or Unsupported("", "NoConflicts")
    return {
        "name": name,
        "supportedKinds": listener.kinds,
        "attachedRoutes": attached.get((key(listener.gateway), name), 0),
        "conditions": [
            condition("Accepted", of, refused or None),
            condition("Programmed", of, invalid),
            condition("ResolvedRefs", of, listener.unresolved),
            condition("Conflicted", of, conflict, good=listener.conflict is not None),
        ],
    }
