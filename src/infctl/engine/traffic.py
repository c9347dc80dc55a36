"""What clients' own logs say about a stretch of time. Pure functions."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infctl.errors import InfctlError
from infctl.ports.load import RequestRecord

QUIET_SECONDS = 20.0
"""Clients send once a second at least, and a request that fails is written within its timeout."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Requests that ended in a stretch of time; `p99` in seconds, None without successes."""

    total: int
    failed: int
    p99: float | None
    regions: frozenset[str]
    addresses: frozenset[str]

    @property
    def error_ratio(self) -> float:
        """Failed over all, 1.0 where there were none: no data never passes."""
        return self.failed / self.total if self.total else 1.0


def stretch(records: Iterable[RequestRecord], start: float, end: float) -> Stretch:
    """The requests that ended in [start, end], seconds since the epoch."""
    chosen = [r for r in records if start <= r.ended <= end]
    took = sorted(r.ended - r.started for r in chosen if r.ok)
    return Stretch(
        total=len(chosen),
        failed=sum(not r.ok for r in chosen),
        p99=_quantile(took, 0.99),
        regions=frozenset(r.region for r in chosen if r.ok and r.region),
        addresses=frozenset(r.address for r in chosen if r.address),
    )


def require_clients(records: Sequence[RequestRecord], now: float) -> None:
    """Raise where the clients are gone: what they would have seen cannot be waited for."""
    if records and now - records[-1].ended > QUIET_SECONDS:
        raise InfctlError(f"the clients are gone: no request for {now - records[-1].ended:.0f} s")


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile of values in order."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
