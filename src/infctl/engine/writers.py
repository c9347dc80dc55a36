"""Who wrote an object, as its server says: `managedFields` and the stamps of a run. Pure.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from collections.abc import Mapping
from typing import Any

from infctl.model.fence import RUN
from infctl.platform.render.naming import MANAGER


def others_of(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Managers that are not infctl; without those of the status or another subresource."""
    return _named(_of_others(metadata))


def others_beyond_metadata(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The same, without controllers that only label what is theirs, or wait for its end."""
    return _named([e for e in _of_others(metadata) if set(e.get("fieldsV1") or {}) != _METADATA])


def last_run(metadata: Mapping[str, Any]) -> str:
    """The run that wrote last; empty where none did."""
    return str((metadata.get("annotations") or {}).get(RUN, ""))


_METADATA = {"f:metadata"}


def _of_others(metadata: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = metadata.get("managedFields") or []
    return [e for e in entries if not e.get("subresource") and e.get("manager") != MANAGER]


def _named(entries: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(e.get("manager")) for e in entries))
