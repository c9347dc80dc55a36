"""Server-side apply in memory: who owns which field, and who stands in whose way. Pure.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from collections.abc import Iterable, Mapping
from typing import Any

from infctl.errors import Conflict
from infctl.fakes.fields import Path, fields, put, remove, text
from infctl.fakes.plain import copied

Object = dict[str, Any]
Manager = tuple[str, str]
"""A manager's name and its way of writing: Apply or Update."""
Owners = dict[Manager, frozenset[Path]]


def apply(
    live: Object, owners: Owners, manifest: Object, manager: str, *, force: bool
) -> tuple[Object, Owners]:
    """The object and its owners after an apply; Conflict where others own what would change."""
    us = (manager, "Apply")
    wanted = fields(manifest)
    in_the_way = _conflicts(live, owners, wanted, us)
    if in_the_way and not force:
        raise _explain(in_the_way)
    after = copied(live)
    others = {m: o for m, o in owners.items() if m != us}
    kept = frozenset(path for owned in others.values() for path in owned)
    for path in owners.get(us, frozenset()) - wanted.keys() - kept:
        remove(after, path)
    for path, value in wanted.items():
        put(after, path, value)
    taken = frozenset(path for paths in in_the_way.values() for path in paths)
    return after, _present({**{m: o - taken for m, o in others.items()}, us: frozenset(wanted)})


def update(before: Object, after: Object, owners: Owners, manager: str) -> Owners:
    """The owners after `manager` wrote the object by other means: what changed is now theirs."""
    old, new = fields(before), fields(after)
    changed = frozenset(path for path, value in new.items() if old.get(path, _NOTHING) != value)
    gone = frozenset(old.keys() - new.keys())
    us = (manager, "Update")
    kept = {m: owned - changed - gone for m, owned in owners.items()}
    return _present({**kept, us: kept.get(us, frozenset()) | changed})


def managed_fields(owners: Owners, api_version: str) -> list[Object]:
    """Who owns what, as an API server says it."""
    return [
        {
            "manager": name,
            "operation": operation,
            "apiVersion": api_version,
            "fieldsV1": _nested(owned),
        }
        for (name, operation), owned in owners.items()
    ]


_NOTHING = object()


def _nested(paths: Iterable[Path]) -> Object:
    found: Object = {}
    for path in paths:
        place = found
        for step in path:
            place = place.setdefault(_key(step), {})
    return found


def _key(step: str) -> str:
    if step.startswith("["):
        return f'k:{{"name":{step[len("[name=") : -1]}}}'
    return f"f:{step[1:]}"


def _conflicts(
    live: Object, owners: Owners, wanted: Mapping[Path, Any], us: Manager
) -> dict[Manager, list[Path]]:
    there = fields(live)
    found: dict[Manager, list[Path]] = {}
    for manager, owned in owners.items():
        differing = [p for p in wanted if p in owned and there.get(p, _NOTHING) != wanted[p]]
        if manager != us and differing:
            found[manager] = differing
    return found


def _explain(in_the_way: Mapping[Manager, list[Path]]) -> Conflict:
    managers = tuple(dict.fromkeys(name for name, _ in in_the_way))
    paths = tuple(dict.fromkeys(text(p) for found in in_the_way.values() for p in found))
    return Conflict(
        f"{', '.join(managers)} owns {', '.join(paths)}", managers=managers, fields=paths
    )


def _present(owners: Owners) -> Owners:
    return {manager: owned for manager, owned in owners.items() if owned}
