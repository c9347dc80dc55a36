"""Which HTTPRoutes belong to which listeners of which Gateways. Pure."""

from collections.abc import Iterator

from infctl.lab.following import Key, Object, key
from infctl.lab.gateway.gateways import Listener
from infctl.lab.gateway.objects import GROUP, Unsupported

Gateways = dict[Key, list[Listener]]
Namespaces = dict[Key, Object]


def parents(route: Object, gateways: Gateways) -> Iterator[tuple[Object, list[Listener]]]:
    """Each parentRef of a route that names one of our Gateways, with that Gateway's listeners."""
    for reference in route["spec"].get("parentRefs") or []:
        kind = (reference.get("group", GROUP), reference.get("kind", "Gateway"))
        where = (reference.get("namespace", route["metadata"]["namespace"]), reference["name"])
        if kind == (GROUP, "Gateway") and where in gateways:
            yield reference, gateways[where]


def listeners_for(
    reference: Object, route: Object, listeners: list[Listener], namespaces: Namespaces
) -> list[Listener]:
    """The listeners that accept a route; Unsupported with the condition's reason if none does."""
    named = [
        item
        for item in listeners
        if reference.get("sectionName") in (None, item.spec["name"])
        and reference.get("port") in (None, item.port)
    ]
    if not named:
        raise Unsupported("the Gateway has no such listener", "NoMatchingParent")
    open_ones = [i for i in named if i.kinds and _allows(i, route, namespaces)]
    if not open_ones:
        raise Unsupported("the listener takes no routes from here", "NotAllowedByListeners")
    sound = [item for item in open_ones if not (item.refused or item.conflict)]
    matching = [item for item in sound if hostnames(item, route)]
    if not matching:
        raise Unsupported("no hostname in common with the listener", "NoMatchingListenerHostname")
    return matching


def hostnames(listener: Listener, route: Object) -> list[str]:
    """The hostnames under which a listener serves a route; `*` for all."""
    bound = listener.hostname
    wanted = route["spec"].get("hostnames") or []
    if not wanted or bound == "*":
        return list(wanted) or [bound]
    narrow = [_narrower(bound, name) for name in wanted]
    return [name for name in narrow if name]


def is_nearest(listener: Listener, host: str, listeners: list[Listener]) -> bool:
    """Whether no other listener of the port is meant more narrowly for a host."""
    rivals = [
        other
        for other in listeners
        if other.is_served
        and (other.port, other.scheme) == (listener.port, listener.scheme)
        and key(other.gateway) == key(listener.gateway)
    ]
    ours = _width(listener.hostname)
    return not any(_covers(r.hostname, host) and _width(r.hostname) < ours for r in rivals)


def _width(hostname: str) -> tuple[bool, int]:
    """Smaller for narrower names: exact ones before longer wildcards before shorter ones."""
    return hostname.startswith("*"), -len(hostname)


def _covers(bound: str, host: str) -> bool:
    return bound in ("*", host) or (bound.startswith("*.") and host.endswith(bound[1:]))


def _narrower(one: str, other: str) -> str:
    if _covers(other, one):
        return one
    return other if _covers(one, other) else ""


def _allows(listener: Listener, route: Object, namespaces: Namespaces) -> bool:
    allowed = (listener.spec.get("allowedRoutes") or {}).get("namespaces") or {}
    source, home = allowed.get("from", "Same"), key(route)[0]
    if source == "Selector":
        item = namespaces.get(("", home)) or {"metadata": {}}
        return _selects(allowed.get("selector") or {}, item["metadata"].get("labels") or {})
    return bool(source == "All" or (source == "Same" and home == key(listener.gateway)[0]))


def _selects(selector: Object, labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    rules = selector.get("matchExpressions") or []
    return all(labels.get(k) == v for k, v in wanted.items()) and all(
        _holds(rule, labels) for rule in rules
    )


def _holds(rule: Object, labels: dict[str, str]) -> bool:
    name, values = rule["key"], rule.get("values") or []
    return bool(
        {
            "In": name in labels and labels[name] in values,
            "NotIn": labels.get(name) not in values,
            "Exists": name in labels,
            "DoesNotExist": name not in labels,
        }[rule["operator"]]
    )
