"""Which BackendTrafficPolicy applies to what, and what is said of each. Pure."""

from dataclasses import dataclass, field

from infctl.lab.following import Key, Object, key
from infctl.lab.gateway.objects import (
    CONTROLLER,
    GROUP,
    MALFORMED,
    Unsupported,
    condition,
    generation,
    oldest_first,
)
from infctl.lab.gateway.settings import Settings, read

Target = tuple[str, str, str, str]
"""Kind, namespace, name and section (empty for the whole)."""
NONE: Key = ("", "")


@dataclass(slots=True)
class Policies:
    """The settings of each policy that applies, by its key, and which applies to which target."""

    settings: dict[Key, Settings] = field(default_factory=dict)
    targets: dict[Target, Key] = field(default_factory=dict)
    statuses: dict[Key, list[Object]] = field(default_factory=dict)

    def of(self, route: Object, rule: str, gateway: Object, listener: str) -> Key:
        """The policy for a rule: the narrowest target that has one; NONE where none has."""
        route_key, gateway_key = key(route), key(gateway)
        for target in (
            ("HTTPRoute", *route_key, rule),
            ("HTTPRoute", *route_key, ""),
            ("Gateway", *gateway_key, listener),
            ("Gateway", *gateway_key, ""),
        ):
            if found := self.targets.get(target):
                return found
        return NONE


def read_policies(
    policies: dict[Key, Object], routes: dict[Key, Object], gateways: dict[Key, Object]
) -> Policies:
    """All of them; `gateways` are ours. The oldest policy of a target wins."""
    found = Policies()
    known = {"HTTPRoute": routes, "Gateway": gateways}
    for item in oldest_first(policies):
        try:
            references = _references(item)
        except MALFORMED:
            references = []
        said: dict[str, Object] = {}
        for reference in references:
            problem = _apply(found, item, reference, known)
            for ancestor in _ancestors(item, reference, known):
                # Of several targets below one Gateway the first that is wrong is told.
                if problem or str(ancestor) not in said:
                    said[str(ancestor)] = _status(item, ancestor, problem)
        found.statuses[key(item)] = list(said.values())
    return found


def _references(item: Object) -> list[Object]:
    spec = item["spec"]
    return [*(spec.get("targetRefs") or []), *([spec["targetRef"]] if "targetRef" in spec else [])]


def _apply(
    found: Policies, item: Object, reference: Object, known: dict[str, dict[Key, Object]]
) -> Unsupported | None:
    """Note what a policy does to one target, or why it does nothing."""
    where = (key(item)[0], reference["name"])
    if where not in known.get(reference["kind"], {}):
        return Unsupported(f"there is no {reference['kind']} {where[1]} of ours", "TargetNotFound")
    return _settle(found, item, (reference["kind"], *where, reference.get("sectionName") or ""))


def _ancestors(
    item: Object, reference: Object, known: dict[str, dict[Key, Object]]
) -> list[Object]:
    """Our Gateways above a target; the target itself where there are none."""
    namespace = key(item)[0]
    route = known["HTTPRoute"].get((namespace, reference["name"]))
    if reference["kind"] != "HTTPRoute" or route is None:
        return [{"group": GROUP, **reference, "namespace": namespace}]
    return [
        {"group": GROUP, "kind": "Gateway", "namespace": namespace, **parent}
        for parent in route["spec"].get("parentRefs") or []
        if (parent.get("namespace", namespace), parent["name"]) in known["Gateway"]
    ] or [{"group": GROUP, **reference, "namespace": namespace}]


def _status(item: Object, ancestor: Object, problem: Unsupported | None) -> Object:
    return {
        "ancestorRef": ancestor,
        "controllerName": CONTROLLER,
        "conditions": [condition("Accepted", generation(item), problem)],
    }


def _settle(found: Policies, item: Object, target: Target) -> Unsupported | None:
    where = key(item)
    holder = found.targets.get(target)
    if holder is not None and holder != where:
        return Unsupported(f"{holder[1]} is older and has the same target", "Conflicted")
    try:
        found.settings[where] = read(item["spec"])
    except Unsupported as problem:
        return Unsupported(str(problem), "Invalid")
    except MALFORMED as error:
        return Unsupported(f"cannot be read: {error!r}", "Invalid")
    found.targets[target] = where
    return None
