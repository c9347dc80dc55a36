"""Who may refer to an object of another namespace: ReferenceGrants. Pure."""

from typing import NamedTuple

from infctl.lab.following import Key, Object
from infctl.lab.gateway.objects import Unsupported


class Referent(NamedTuple):
    """What is referred to."""

    group: str
    kind: str
    namespace: str
    name: str


def check(source: tuple[str, str, str], target: Referent, grants: dict[Key, Object]) -> None:
    """Refuse a reference into another namespace that nobody there grants.

    `source` is group, kind and namespace of the object that refers.
    """
    if source[2] == target.namespace:
        return
    for (namespace, _), grant in grants.items():
        if namespace == target.namespace and _allows(grant["spec"], source, target):
            return
    raise Unsupported(
        f"no ReferenceGrant in {target.namespace} allows {source[1]}s of {source[2]}"
        f" to use {target.kind} {target.name}",
        "RefNotPermitted",
    )


def _allows(spec: Object, source: tuple[str, str, str], target: Referent) -> bool:
    sources = {(f.get("group", ""), f["kind"], f["namespace"]) for f in spec["from"]}
    return source in sources and any(
        (entry.get("group", ""), entry["kind"]) == (target.group, target.kind)
        and entry.get("name") in (None, "", target.name)
        for entry in spec["to"]
    )
