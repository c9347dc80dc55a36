"""What a holder writes onto the objects that it changes. Pure."""

from collections.abc import Mapping
from typing import Any

from infctl.errors import Conflict
from infctl.model import fence
from infctl.platform.render.naming import MANAGER
from infctl.ports.cluster import Object

_OF_THE_SERVER = ("resourceVersion", "managedFields")
_COUNTED = "deployment.kubernetes.io/"
"""Annotations in which the Deployment controller counts revisions, a moment after each change."""
_PATHS = tuple(f".metadata.annotations.{name}" for name in sorted(fence.STAMPS))


def stamps(number: int, run: str) -> dict[str, str]:
    """The annotations of a write."""
    return {fence.FENCE: str(number), fence.RUN: run}


def stamped(manifest: Mapping[str, Any], annotations: Mapping[str, str]) -> Object:
    """A manifest or a patch with these annotations as well."""
    metadata = manifest.get("metadata") or {}
    merged = {**(metadata.get("annotations") or {}), **annotations}
    return {**manifest, "metadata": {**metadata, "annotations": merged}}


def conflict_of_others(conflict: Conflict) -> Conflict | None:
    """A conflict without our stamps, which another write of infctl owns; None where no more is."""
    theirs = tuple(field for field in conflict.fields if field not in _PATHS)
    if conflict.fields and not theirs:
        return None
    others = tuple(name for name in conflict.managers if name != MANAGER)
    return Conflict(
        conflict.what,
        managers=others or conflict.managers,
        fields=theirs,
        hint=conflict.hint,
        unchanged=conflict.unchanged,
    )


def is_as_it_was(one: Object, other: Object) -> bool:
    """Whether only the status, or what a server counts, is another."""
    return _content(one) == _content(other)


def _content(found: Object) -> Object:
    metadata = {k: v for k, v in found["metadata"].items() if k not in _OF_THE_SERVER}
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {k: v for k, v in annotations.items() if not k.startswith(_COUNTED)}
    return {**{k: v for k, v in found.items() if k != "status"}, "metadata": metadata}
