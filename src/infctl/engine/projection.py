"""A part of an object: the fields that a manifest or an owner names. Pure.

Items of lists are told apart by their names, or by the keys that server-side apply uses; any other
list is one value.
"""

import copy
import json
from collections.abc import Mapping
from typing import Any

from infctl.ports.cluster import Object

OF_THE_SERVER = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)
"""Metadata that only a server writes."""
_IDENTITY = ("apiVersion", "kind")


def without_server_fields(found: Object, stamps: frozenset[str]) -> Object:
    """What a person would have written: no status, no server's metadata, no stamps of ours."""
    kept = {k: copy.deepcopy(v) for k, v in found.items() if k != "status"}
    metadata = {k: v for k, v in kept["metadata"].items() if k not in OF_THE_SERVER}
    annotations = metadata.get("annotations")
    if annotations is not None:
        metadata["annotations"] = {k: v for k, v in annotations.items() if k not in stamps}
        if not metadata["annotations"]:
            del metadata["annotations"]
    return {**kept, "metadata": metadata}


def project(found: Any, wanted: Any) -> Any:
    """The values that `found` has for the fields of `wanted`; those that it lacks are left out."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping) and wanted:
        return {k: project(found[k], wanted[k]) for k in wanted if k in found}
    if is_named(found) and is_named(wanted):
        there = {item["name"]: item for item in found}
        return [project(there[i["name"]], i) for i in wanted if i["name"] in there]
    return copy.deepcopy(found)


def owned(found: Any, fields: Mapping[str, Any]) -> Any:
    """The values of the fields that a managedFields entry names.

    Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
    """
    inside = {k: v for k, v in fields.items() if k != "."}
    if not inside or not isinstance(found, (Mapping, list)):
        return copy.deepcopy(found)
    if isinstance(found, Mapping):
        names = {k[2:]: v for k, v in inside.items() if k.startswith("f:")}
        return {k: owned(found[k], v) for k, v in names.items() if k in found}
    if not all(k.startswith("k:") for k in inside):
        return copy.deepcopy(found)
    kept = []
    for key, below in inside.items():
        names = json.loads(key[2:])
        item = next((i for i in found if all(i.get(k) == v for k, v in names.items())), None)
        if item is not None:
            kept.append({**owned(item, below), **names})
    return kept


def lacking(found: Any, wanted: Any) -> Any:
    """The fields of `found` that `wanted` does not name; what is empty without them goes too."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        below = {k: lacking(found[k], wanted[k]) for k in found if k in wanted}
        rest = {k: copy.deepcopy(v) for k, v in found.items() if k not in wanted}
        return {**rest, **{k: v for k, v in below.items() if v}}
    if is_named(found) and is_named(wanted):
        theirs = {item["name"]: item for item in wanted}
        parts = [(item["name"], lacking(item, theirs.get(item["name"], {}))) for item in found]
        return [{**part, "name": name} for name, part in parts if part]
    return None


def join(one: Any, other: Any) -> Any:
    """Both parts of the same object in one."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        both = {k: join(one[k], other[k]) for k in one if k in other}
        return {**one, **other, **both}
    if is_named(one) and is_named(other):
        theirs = {item["name"]: item for item in other}
        merged = [join(item, theirs.pop(item["name"], item)) for item in one]
        return [*merged, *theirs.values()]
    return copy.deepcopy(one)


def covers(found: Any, wanted: Any) -> bool:
    """Whether `found` has every field of `wanted` at its value."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            k in found and covers(found[k], v) for k, v in wanted.items()
        )
    if is_named(wanted) and is_named(found):
        there = {item["name"]: item for item in found}
        return all(i["name"] in there and covers(there[i["name"]], i) for i in wanted)
    if isinstance(wanted, list):
        is_list = isinstance(found, list) and len(found) == len(wanted)
        return is_list and all(covers(f, w) for f, w in zip(found, wanted, strict=True))
    return bool(found == wanted)


def is_named(value: Any) -> bool:
    """Whether it is a list whose items all have names."""
    is_list = isinstance(value, list) and bool(value)
    return is_list and all(isinstance(item, Mapping) and "name" in item for item in value)


def identity(manifest: Object) -> Object:
    """What says which object it is, and nothing else."""
    metadata = {
        k: manifest["metadata"][k] for k in ("name", "namespace") if k in manifest["metadata"]
    }
    return {**{k: manifest[k] for k in _IDENTITY}, "metadata": metadata}
