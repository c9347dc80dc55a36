"""Objects in, Envoy's resources and conditions out. Pure; a bad object becomes a condition."""

from collections import defaultdict

from infctl.lab.gateway import attachment, listeners
from infctl.lab.gateway.backends import Backend, make_cluster, make_endpoints
from infctl.lab.gateway.objects import (
    CONTROLLER,
    GROUP,
    Key,
    Object,
    Objects,
    Place,
    Resources,
    Unsupported,
    condition,
    key,
    oldest_first,
)
from infctl.lab.gateway.rules import Ruled, rule_routes

Hosts = dict[int, dict[str, list[Object]]]
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
_EMPTY = Ruled((), frozenset(), ())


class _Translation:
    """What grows while routes are looked at one after the other."""

    def __init__(self) -> None:
        self.hosts: Hosts = {}
        self.backends: set[Backend] = set()
        self.attached: dict[tuple[Key, str], int] = defaultdict(int)
        self.route_status: dict[Key, list[Object]] = {}


def translate(objects: Objects, place: Place, folder: str) -> Resources:
    """Everything that Envoy and the objects' status should say; `folder` holds the xDS files."""
    made = _Translation()
    for gateway in objects.gateways.values():
        for port in _ports(gateway):
            made.hosts.setdefault(port, {})
    for route in oldest_first(objects.routes):
        _add_route(made, route, objects)
    backends = sorted(made.backends)
    return Resources(
        listeners=[
            listeners.make_listener(port, place, source(folder, "routes"))
            for port in sorted(made.hosts)
        ],
        routes=[
            listeners.make_routes(port, hosts, place.region)
            for port, hosts in sorted(made.hosts.items())
        ],
        clusters=[make_cluster(b, source(folder, "endpoints")) for b in backends],
        endpoints=[make_endpoints(b, objects) for b in backends],
        gateway_status={
            key(g): _gateway_status(g, place, made)
            for g in objects.gateways.values()
            if attachment.is_ours(g)
        },
        route_status=made.route_status,
    )


def source(folder: str, kind: str) -> Object:
    """Where Envoy finds resources of a kind: a file that is replaced by renaming."""
    return {
        "path_config_source": {
            "path": f"{folder}/{kind}.json",
            "watched_directory": {"path": folder},
        },
        "resource_api_version": "V3",
    }


def _ports(gateway: Object) -> list[int]:
    if not attachment.is_ours(gateway):
        return []
    return [i["port"] for i in gateway["spec"]["listeners"] if attachment.problem_of(i) is None]


def _add_route(made: _Translation, route: Object, objects: Objects) -> None:
    statuses = []
    for reference, gateway in attachment.parents(route, objects.gateways):
        problem, ruled = _try_route(made, reference, gateway, route, objects)
        statuses.append(_parent_status(reference, route, problem, ruled))
    if statuses:
        made.route_status[key(route)] = statuses


def _try_route(
    made: _Translation, reference: Object, gateway: Object, route: Object, objects: Objects
) -> tuple[Unsupported | None, Ruled]:
    try:
        accepted = attachment.listeners_for(reference, route, gateway)
        ruled = rule_routes(route, objects.services)
    except Unsupported as problem:
        return problem, _EMPTY
    except _MALFORMED as error:
        return Unsupported(f"cannot be read: {error!r}"), _EMPTY
    made.backends |= ruled.backends
    for listener in accepted:
        made.attached[key(gateway), listener["name"]] += 1
        hosts = made.hosts[listener["port"]]
        for host in attachment.hostnames(listener, route):
            present = hosts.setdefault(host, [])
            present += [r for r in ruled.routes if r not in present]
    return None, ruled


def _parent_status(
    reference: Object, route: Object, problem: Unsupported | None, ruled: Ruled
) -> Object:
    generation = route["metadata"].get("generation", 0)
    accepted = condition("Accepted", generation)
    if problem is not None:
        accepted = condition("Accepted", generation, problem.reason, str(problem))
    resolved = condition("ResolvedRefs", generation)
    if ruled.unresolved:
        first = ruled.unresolved[0]
        resolved = condition("ResolvedRefs", generation, first.reason, str(first))
    return {
        "parentRef": reference,
        "controllerName": CONTROLLER,
        "conditions": [accepted, resolved],
    }


def _gateway_status(gateway: Object, place: Place, made: _Translation) -> Object:
    generation = gateway["metadata"].get("generation", 0)
    reports = [_listener_status(gateway, item, made) for item in gateway["spec"]["listeners"]]
    refused = [i for i in gateway["spec"]["listeners"] if attachment.problem_of(i)]
    reason = "ListenersNotValid" if len(refused) == len(reports) else ""
    message = "no listener is served" if reason else ""
    return {
        "addresses": [{"type": "IPAddress", "value": place.address}],
        "conditions": [
            condition("Accepted", generation, reason, message),
            condition("Programmed", generation, reason and "Invalid", message),
        ],
        "listeners": reports,
    }


def _listener_status(gateway: Object, listener: Object, made: _Translation) -> Object:
    generation = gateway["metadata"].get("generation", 0)
    problem = attachment.problem_of(listener)
    reason, message = (problem.reason, str(problem)) if problem else ("", "")
    return {
        "name": listener["name"],
        "supportedKinds": [{"group": GROUP, "kind": "HTTPRoute"}],
        "attachedRoutes": made.attached[key(gateway), listener["name"]],
        "conditions": [
            condition("Accepted", generation, reason, message),
            condition("Programmed", generation, reason and "Invalid", message),
            condition("ResolvedRefs", generation),
        ],
    }
