"""The admission policies that `deploy` renders, as an API server in memory holds to them. Pure."""

from collections.abc import Mapping
from typing import Any

from infctl.errors import Refused
from infctl.model import fence
from infctl.ports.cluster import CONFIG_MAP

Object = dict[str, Any]
FENCE_KEY = (CONFIG_MAP, fence.SYSTEM, fence.CONFIG_MAP_NAME)
"""Where a fake's storage keeps the newest fence."""


def refuse_write(
    granted_by: Object | None, before: Object | None, after: Object, *, dry_run: bool
) -> None:
    """Raise Refused where a write of infctl carries none, or an older fence than was granted."""
    metadata = after["metadata"]
    is_ours = metadata.get("namespace") == fence.SYSTEM or metadata["name"] == fence.SYSTEM
    text = fence.carried(after)
    is_planned = dry_run and text in ("", fence.carried(before))
    if granted_by is None or is_planned or (is_ours and metadata["name"] != fence.PROOF_NAME):
        return
    _compare(granted_by, fence.number(text))


def refuse_deletion(granted_by: Object | None, found: Object, held: Mapping[str, Any]) -> None:
    """Raise Refused where a deletion that infctl began with an older fence is to be ended."""
    is_begun = fence.DELETING in (found["metadata"].get("annotations") or {})
    if granted_by is not None and is_begun and all(held.values()):
        _compare(granted_by, fence.number(fence.carried(found)))


def refuse_eviction(granted_by: Object | None, annotations: Mapping[str, str] | None) -> None:
    """Raise Refused where an eviction of infctl carries none, or an older fence."""
    if granted_by is not None:
        _compare(granted_by, fence.number((annotations or {}).get(fence.FENCE, "")))


def guard(before: Object | None, after: Object | None) -> None:
    """Raise Refused where the newest fence would shrink, end, or be no number."""
    text = ((after or {}).get("data") or {}).get(fence.KEY, "0")
    if after is not None and fence.number(text) is None:
        raise _refused(fence.GUARD_NAME, fence.NO_NUMBER)
    known = fence.granted(before)
    if after is None or (known < fence.NEWEST and fence.granted(after) < known):
        raise _refused(fence.GUARD_NAME, fence.SHRINKS)


def _compare(granted_by: Object, carried: int | None) -> None:
    newest = fence.granted(granted_by)
    if carried is None and newest > 0:
        raise _refused(fence.POLICY_NAME, fence.UNSTAMPED)
    if carried is not None and carried < newest:
        raise _refused(fence.POLICY_NAME, fence.older(carried, newest))


def _refused(policy: str, message: str) -> Refused:
    return Refused(fence.denial(policy, message), unchanged="the object is as it was")
