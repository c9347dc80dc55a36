"""Journal record v1: what a run did, one record after the other, each chained to the one before."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any

VERSION = 1
GENESIS = "0" * 64


class Kind(StrEnum):
    """What a record says. Kinds are only ever appended, never renamed or taken away."""

    PLAN = "plan"
    INTENT = "intent"
    SENT = "sent"
    OBSERVED = "observed"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIP = "skip"
    UNDO_INTENT = "undo_intent"
    UNDO_DONE = "undo_done"
    PAUSE = "pause"
    RESUME = "resume"
    APPROVE = "approve"
    LEASE = "lease"
    HEAD = "head"


class _Remembered:
    """Room beside a record's fields for its digest, which is asked for again and again."""

    __slots__ = ("_digest",)
    _digest: str


@dataclass(frozen=True, slots=True)
class Record(_Remembered):
    """One record. `at` is wall time (seconds since the epoch), `boottime` orders and measures.

    `prev` is the digest of the record before; `key` the idempotency key of the step; `before` what
    was observed before the act; `undo` an operation as JSON or None.
    """

    v: int
    seq: int
    prev: str
    run: str
    plan_digest: str
    step: str | None
    attempt: int
    kind: str
    fence: int
    actor: str
    at: float
    boottime: float
    key: str
    before: Any
    args: Any
    result: Any
    undo: Any

    @property
    def canonical(self) -> str:
        """The record as JSON: sorted keys, no spaces, ASCII."""
        # What a record holds is JSON already: no copy of it is needed.
        text = _encode(dict(zip(_NAMES, _values(self), strict=True)))
        object.__setattr__(self, "_digest", hashlib.sha256(text.encode()).hexdigest())
        return text

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, 64 hex digits; the next record's `prev`."""
        if not hasattr(self, "_digest"):
            _ = self.canonical
        return self._digest


_NAMES = tuple(f.name for f in fields(Record))
_FIELDS = frozenset(_NAMES)
_values = attrgetter(*_NAMES)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


_TEXTS = ("prev", "run", "plan_digest", "kind", "actor", "key")
_NUMBERS = ("seq", "attempt", "fence")
_MOMENTS = ("at", "boottime")
LATEST = 253402300800.0
"""The first moment of the year 10000, in seconds since the epoch: no clock is there yet."""


def parse(text: str) -> Record:
    """Read one record back; ValueError where it is not one of version 1."""
    try:
        data: Mapping[str, Any] = json.loads(text)
    except RecursionError as error:
        raise ValueError("not a journal record: too deep") from error
    if not isinstance(data, dict) or set(data) != _FIELDS:
        raise ValueError("not a journal record")
    if data["v"] != VERSION:
        raise ValueError(f"a record of version {data['v']}, this infctl reads version {VERSION}")
    if wrong := _ill_typed(data):
        raise ValueError(f"not a journal record: {wrong} is of another kind")
    return Record(**data)


def _ill_typed(data: Mapping[str, Any]) -> str:
    """The first field that is of another type than it was written with, or an empty text."""
    for name in _TEXTS:
        if not isinstance(data[name], str):
            return name
    for name in _NUMBERS:
        if type(data[name]) is not int:
            return name
    for name in _MOMENTS:
        # NaN is not between anything.
        if type(data[name]) not in (int, float) or not 0 <= data[name] < LATEST:
            return name
    return "" if data["step"] is None or isinstance(data["step"], str) else "step"


def check_chain(records: Iterable[Record]) -> str:
    """The first break of the chain in a sentence, or an empty text."""
    prev = GENESIS
    for seq, record in enumerate(records, 1):
        if record.seq != seq:
            return f"record {seq} is missing"
        if record.prev != prev:
            return f"record {seq} does not follow the one before it"
        prev = record.digest
    return ""
