"""A Holding as a Lease: its own fields for people and kubectl, one annotation for infctl. Pure."""

import time
from collections.abc import Mapping
from typing import Any

from infctl.model.fence import SYSTEM
from infctl.ports.cluster import LEASE, Object
from infctl.ports.lock import Holding
from infctl.ports.lock_text import LONGEST_TEXT, decode, encode, unreadable

ANNOTATION = "infctl.dev/lock"
_MOST_TRANSITIONS = 2**31 - 1


def lease_name(environment: str) -> str:
    """The Lease's name in `infctl-system`."""
    return f"infctl-lock-{environment}"


def write_lease(environment: str, holding: Holding, *, wall: float) -> Object:
    """The Lease that holds this record."""
    identity = f"{holding.holder}@{holding.host} run {holding.run}"[:LONGEST_TEXT]
    return {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.kind,
        "metadata": {
            "name": lease_name(environment),
            "namespace": SYSTEM,
            "annotations": {ANNOTATION: encode(holding)},
        },
        "spec": {
            "holderIdentity": None if holding.free else identity,
            "leaseDurationSeconds": max(1, round(holding.duration)),
            "acquireTime": _micro_time(holding.since),
            "renewTime": _micro_time(wall),
            "leaseTransitions": min(holding.fence, _MOST_TRANSITIONS),
        },
    }


def read_lease(lease: Mapping[str, Any] | None) -> Holding | None:
    """The record in a Lease; None where nobody holds it and nobody did.

    What cannot be read is held by somebody unknown: it never runs out, and can only be broken.
    """
    if lease is None:
        return None
    metadata, spec = _mapping(lease.get("metadata")), _mapping(lease.get("spec"))
    text = _mapping(metadata.get("annotations")).get(ANNOTATION)
    if text is None and not spec.get("holderIdentity"):
        return None
    found = decode(text)
    return found if found is not None else unreadable(text, spec.get("holderIdentity"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _micro_time(wall: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall))
    return f"{whole}.{int(wall % 1 * 1_000_000):06d}Z"
