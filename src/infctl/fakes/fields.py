"""Fields of an object by path, as server-side apply sees them. Pure.

Lists whose items all have a name are merged by it; any other list is one field. Kubernetes knows
more keys (ports by number, for one); what infctl renders needs none of them.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from infctl.fakes.plain import copied

Object = dict[str, Any]
Path = tuple[str, ...]

_IDENTITY = ("apiVersion", "kind", "status")
_OF_THE_SERVER = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
)


def fields(manifest: Mapping[str, Any]) -> dict[Path, Any]:
    """Every field that a manager can own, with its value."""
    owned = {k: v for k, v in manifest.items() if k not in _IDENTITY}
    metadata = owned.pop("metadata", {})
    owned["metadata"] = {k: v for k, v in metadata.items() if k not in _OF_THE_SERVER}
    found: dict[Path, Any] = {}
    _walk((), owned, found)
    found.pop((".metadata",), None)
    return found


def put(target: Object, path: Path, value: Any) -> None:
    """Set one field, with all that leads to it."""
    place: Any = target
    for step, following in itertools.pairwise(path):
        place = _enter(place, step, [] if following.startswith("[") else {})
    place[path[-1][1:]] = copied(value)


def remove(target: Object, path: Path) -> None:
    """Take one field away, and what is empty without it."""
    if (parent := _find(target, path[:-1])) is None or not isinstance(parent, dict):
        return
    parent.pop(path[-1][1:], None)
    if len(path) > 1 and (parent == {} or set(parent) == {"name"}):
        _drop(target, path[:-1])


def _drop(target: Object, path: Path) -> None:
    parent = _find(target, path[:-1])
    found = _find(target, path)
    if isinstance(parent, list) and found is not None:
        parent.remove(found)
        if not parent:
            _drop(target, path[:-1])
    elif found == {} or found == []:
        remove(target, path)


def text(path: Path) -> str:
    """A path as Kubernetes writes it."""
    return "".join(path)


def _walk(path: Path, value: Any, found: dict[Path, Any]) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _walk((*path, f".{key}"), inner, found)
    elif _is_named(value):
        for item in value:
            _walk((*path, _step(item["name"])), item, found)
    elif path:
        found[path] = value


def _is_named(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, dict) and "name" in item for item in value)


def _step(name: str) -> str:
    return f'[name="{name}"]'


def _find(target: Any, path: Path) -> Any:
    place = target
    for step in path:
        if step.startswith("["):
            items = place if isinstance(place, list) else []
            place = next((i for i in items if _step(i.get("name", "")) == step), None)
        else:
            place = place.get(step[1:]) if isinstance(place, dict) else None
        if place is None:
            return None
    return place


def _enter(place: Any, step: str, empty: Any) -> Any:
    if step.startswith("["):
        found = next((item for item in place if _step(item.get("name", "")) == step), None)
        if found is None:
            found = {"name": step[len('[name="') : -len('"]')]}
            place.append(found)
        return found
    if not isinstance(place.get(step[1:]), type(empty)):
        place[step[1:]] = empty
    return place[step[1:]]
