"""Which BackendTrafficPolicy applies to what, and what is said of each. Pure."""

from dataclasses import dataclass, field

from infctl.lab.gateway.objects import (
    CONTROLLER,
    GROUP,
    MALFORMED,
    Key,
    Object,
    Unsupported,
    condition,
    generation,
    key,
    oldest_first,
)
from infctl.lab.gateway.settings import Settings, read

Target = tuple[str, str, str, str]
"""Kind, namespace, name and section (empty for the whole)."""
NONE: Key = ("", "")
_KINDS = ("HTTPRoute", "Gateway")


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
    for item in oldest_first(policies):
        try:
            references = _references(item)
        except MALFORMED:
            references = []
        found.statuses[key(item)] = [_apply(found, item, r, routes, gateways) for r in references]
    return found


def _references(item: Object) -> list[Object]:
    spec = item["spec"]
    return [*(spec.get("targetRefs") or []), *([spec["targetRef"]] if "targetRef" in spec else [])]


def _apply(
    found: Policies,
    item: Object,
    reference: Object,
    routes: dict[Key, Object],
    gateways: dict[Key, Object],
) -> Object:
    """Note what a policy does to one target, and say it."""
    kind, namespace = reference["kind"], key(item)[0]
    known = routes if kind == "HTTPRoute" else gateways
    problem: Unsupported | None = None
    if kind not in _KINDS:
        problem = Unsupported(f"{kind}s are not served here", "TargetNotFound")
    elif (namespace, reference["name"]) not in known:
        problem = Unsupported(f"there is no {kind} {reference['name']}", "TargetNotFound")
    else:
        target = (kind, namespace, reference["name"], reference.get("sectionName") or "")
        problem = _settle(found, item, target)
    return {
        "ancestorRef": {**reference, "group": reference.get("group", GROUP)},
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
