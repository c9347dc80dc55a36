"""Objects in, Envoy's resources and conditions out. Pure; a bad object becomes a condition."""

from collections import defaultdict
from dataclasses import dataclass, field

from infctl.lab.following import Key, Object, key
from infctl.lab.gateway import attachment, cached, certificates, reports
from infctl.lab.gateway.filters import Site
from infctl.lab.gateway.gateways import Listener, read_gateways
from infctl.lab.gateway.listeners import make_listener, make_table
from infctl.lab.gateway.objects import (
    MALFORMED,
    Objects,
    Place,
    Resources,
    Statuses,
    Unsupported,
    oldest_first,
)
from infctl.lab.gateway.policies import Policies, read_policies
from infctl.lab.gateway.rules import Context, Ruled, add_rule
from infctl.lab.gateway.sources import single_source
from infctl.lab.gateway.upstreams import Upstream, make_cluster, make_endpoints

Tables = dict[str, dict[str, list[Object]]]
"""Routes by table and hostname."""


@dataclass(slots=True)
class _Translation:
    """What is read once, and what grows while routes are looked at one after the other."""

    objects: Objects
    gateways: dict[Key, list[Listener]]
    policies: Policies
    tables: Tables = field(default_factory=dict)
    upstreams: set[Upstream] = field(default_factory=set)
    attached: dict[tuple[Key, str], int] = field(default_factory=lambda: defaultdict(int))
    route_status: dict[Key, list[Object]] = field(default_factory=dict)


def translate(objects: Objects, place: Place, folder: str) -> Resources:
    """Everything that Envoy and the objects' status should say; `folder` holds the xDS files."""
    gateways = read_gateways(objects)
    ours = {where: objects.gateways[where] for where in gateways}
    policies = read_policies(objects.policies, objects.routes, ours)
    made = _Translation(objects, gateways, policies)
    served = [i for listeners in gateways.values() for i in listeners if i.is_served]
    for listener in served:
        made.tables.setdefault(listener.table, {}).setdefault(listener.hostname, [])
    for route in oldest_first(objects.routes):
        _add_route(made, route)
    return _resources(made, served, place, folder)


def _resources(made: _Translation, served: list[Listener], place: Place, folder: str) -> Resources:
    ports: dict[int, list[Listener]] = defaultdict(list)
    for listener in served:
        ports[listener.port].append(listener)
    found = {c.name: c for listener in served for c in listener.certificates}
    upstreams = sorted(made.upstreams)
    return Resources(
        listeners=cached.with_origin(
            [make_listener(p, i, place, folder) for p, i in sorted(ports.items())], place
        ),
        routes=[make_table(n, hosts, place) for n, hosts in sorted(made.tables.items())],
        clusters=[
            make_cluster(
                u,
                made.objects,
                made.policies.settings.get(u.policy),
                single_source(folder, "endpoints", u.name),
            )
            for u in upstreams
        ],
        endpoints=[make_endpoints(u, made.objects) for u in upstreams],
        secrets=[certificates.make_secret(found[name]) for name in sorted(found)],
        statuses=Statuses(
            classes=reports.of_classes(made.objects),
            gateways={
                where: reports.of_gateway(made.objects.gateways[where], i, place, made.attached)
                for where, i in made.gateways.items()
            },
            routes=made.route_status,
            policies=made.policies.statuses,
            backends=reports.of_backends(made.objects),
        ),
    )


def _add_route(made: _Translation, route: Object) -> None:
    """Also without parents of ours: what we said of former ones has to go."""
    statuses = []
    for reference, listeners in attachment.parents(route, made.gateways):
        problem, ruled = _try_route(made, reference, listeners, route)
        statuses.append(reports.of_parent(reference, route, problem, ruled))
    made.route_status[key(route)] = statuses


def _try_route(
    made: _Translation, reference: Object, listeners: list[Listener], route: Object
) -> tuple[Unsupported | None, Ruled]:
    whole = Ruled()
    try:
        accepted = attachment.listeners_for(reference, route, listeners, made.objects.namespaces)
        for listener in accepted:
            ruled = _read_rules(made, route, listener)
            whole.unresolved, whole.dropped = ruled.unresolved, ruled.dropped
            made.attached[key(listener.gateway), listener.spec["name"]] += 1
            if listener.is_served:
                _add_to_table(made, listener, listeners, route, ruled)
    except Unsupported as problem:
        return problem, whole
    except MALFORMED as error:
        return Unsupported(f"cannot be read: {error!r}"), whole
    return None, whole


def _read_rules(made: _Translation, route: Object, listener: Listener) -> Ruled:
    ruled = Ruled()
    namespace, name = key(route)
    site = Site(namespace, made.objects, listener.scheme, listener.port)
    rules = route["spec"].get("rules") or []
    for number, rule in enumerate(rules):
        label = rule.get("name") or f"rule/{number}"
        policy = made.policies.of(
            route, rule.get("name") or "", listener.gateway, listener.spec["name"]
        )
        settings = made.policies.settings.get(policy)
        add_rule(ruled, rule, Context(f"{namespace}/{name}/{label}", site, policy, settings))
    if ruled.dropped and len(ruled.dropped) == len(rules):
        raise ruled.dropped[0]
    return ruled


def _add_to_table(
    made: _Translation,
    listener: Listener,
    listeners: list[Listener],
    route: Object,
    ruled: Ruled,
) -> None:
    table = made.tables[listener.table]
    made.upstreams |= ruled.upstreams
    for host in attachment.hostnames(listener, route):
        if attachment.is_nearest(listener, host, listeners):
            present = table.setdefault(host, [])
            present += [r for r in ruled.routes if r not in present]
