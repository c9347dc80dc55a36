"""A Holding as a Lease: its own fields for people and kubectl, one annotation for infctl. Pure."""

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from infctl.model.fence import NEWEST, SYSTEM
from infctl.model.text import clean
from infctl.ports.cluster import LEASE, Object
from infctl.ports.lock import Holding

ANNOTATION = "infctl.dev/lock"
LONGEST = 8192
"""Characters of a record that anybody needs."""
_MOST_TRANSITIONS = 2**31 - 1
_LONGEST_TEXT = 256
_TEXTS = ("id", "holder", "host", "run", "step")


def lease_name(environment: str) -> str:
    """The Lease's name in `infctl-system`."""
    return f"infctl-lock-{environment}"


def write_lease(environment: str, holding: Holding, *, wall: float) -> Object:
    """The Lease that holds this record."""
    identity = f"{holding.holder}@{holding.host} run {holding.run}"[:_LONGEST_TEXT]
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
    return found if found is not None else _unknown(text, spec)


def encode(holding: Holding) -> str:
    """One line of JSON."""
    return json.dumps(asdict(holding), sort_keys=True)


def decode(text: Any) -> Holding | None:
    """The record that a text holds; None where it is no whole one."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    try:
        data = json.loads(text)
        found = Holding(**data)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if _is_whole(found) else None


def _is_whole(found: Holding) -> bool:
    texts = all(
        isinstance(value := getattr(found, name), str) and len(value) <= _LONGEST_TEXT
        for name in _TEXTS
    )
    numbers = all(
        type(value) is int and 0 <= value <= NEWEST
        for value in (found.fence, found.renewal, found.pid)
    )
    moments = all(
        type(value) in (int, float) and math.isfinite(value) and value >= 0
        for value in (found.since, found.duration)
    )
    return texts and numbers and moments and bool(found.id) and isinstance(found.free, bool)


def _unknown(text: Any, spec: Mapping[str, Any]) -> Holding:
    content = json.dumps([text, spec.get("holderIdentity")], default=str, sort_keys=True)
    digest = hashlib.sha256(content.encode(errors="replace")).hexdigest()[:16]
    who = clean(str(spec.get("holderIdentity") or "unknown"), limit=80)
    return Holding(
        id=digest,
        holder=who,
        host="",
        pid=0,
        run="",
        fence=_salvage(text),
        renewal=0,
        since=0.0,
        duration=math.inf,
    )


def _salvage(text: Any) -> int:
    """The fence of a record that is otherwise broken, if at least that can be read."""
    try:
        data = json.loads(text) if isinstance(text, str) and len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        return 0
    fence = data.get("fence") if isinstance(data, dict) else None
    return fence if type(fence) is int and 0 <= fence < NEWEST else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _micro_time(wall: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall))
    return f"{whole}.{int(wall % 1 * 1_000_000):06d}Z"
