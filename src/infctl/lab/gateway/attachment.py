"""Which HTTPRoutes belong to which listeners of which Gateways. Pure."""

from collections.abc import Iterator

from infctl.lab.gateway.objects import CLASS, GROUP, Key, Object, Unsupported, key


def is_ours(gateway: Object) -> bool:
    """Whether this controller answers for a Gateway."""
    return bool(gateway["spec"]["gatewayClassName"] == CLASS)


def problem_of(listener: Object) -> Unsupported | None:
    """Why a listener is not served, if it is not."""
    if listener["protocol"] != "HTTP":
        return Unsupported(
            f"protocol {listener['protocol']} is not served here", "UnsupportedProtocol"
        )
    if listener["port"] < 1024:
        return Unsupported("ports below 1024 need root", "PortUnavailable")
    return None


def parents(route: Object, gateways: dict[Key, Object]) -> Iterator[tuple[Object, Object]]:
    """Each parentRef of a route that names one of our Gateways, with that Gateway."""
    for reference in route["spec"].get("parentRefs") or []:
        kind = (reference.get("group", GROUP), reference.get("kind", "Gateway"))
        where = (reference.get("namespace", route["metadata"]["namespace"]), reference["name"])
        gateway = gateways.get(where)
        if kind == (GROUP, "Gateway") and gateway is not None and is_ours(gateway):
            yield reference, gateway


def listeners_for(reference: Object, route: Object, gateway: Object) -> list[Object]:
    """The listeners that accept a route; Unsupported with the condition's reason if none does."""
    named = [
        item
        for item in gateway["spec"]["listeners"]
        if reference.get("sectionName") in (None, item["name"])
        and reference.get("port") in (None, item["port"])
    ]
    if not named:
        raise Unsupported("the Gateway has no such listener", "NoMatchingParent")
    open_ones = [item for item in named if _allows(item, route, gateway)]
    if not open_ones:
        raise Unsupported("the listener takes no routes from here", "NotAllowedByListeners")
    served = [item for item in open_ones if problem_of(item) is None]
    matching = [item for item in served if hostnames(item, route)]
    if not matching:
        raise Unsupported("no hostname in common with the listener", "NoMatchingListenerHostname")
    return matching


def hostnames(listener: Object, route: Object) -> list[str]:
    """The hostnames under which a listener serves a route; `*` for all."""
    bound = listener.get("hostname")
    wanted = route["spec"].get("hostnames") or []
    if not wanted:
        return [bound or "*"]
    if not bound:
        return list(wanted)
    narrow = [_narrower(bound, name) for name in wanted]
    return [name for name in narrow if name]


def _narrower(one: str, other: str) -> str:
    if one == other or (other.startswith("*.") and one.endswith(other[1:])):
        return one
    return other if one.startswith("*.") and other.endswith(one[1:]) else ""


def _allows(listener: Object, route: Object, gateway: Object) -> bool:
    allowed = listener.get("allowedRoutes") or {}
    kinds = [k["kind"] for k in allowed.get("kinds") or [{"kind": "HTTPRoute"}]]
    source = (allowed.get("namespaces") or {}).get("from", "Same")
    same = key(route)[0] == key(gateway)[0]
    return "HTTPRoute" in kinds and (source == "All" or (source == "Same" and same))
