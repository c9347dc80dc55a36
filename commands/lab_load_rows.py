"""What `infctl lab load` shows: pure rows from the request log."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infctl.judge.quantiles import quantile
from infctl.ports.load import LoadRequest, RequestRecord

COLUMNS = [
    ("COUNTRY", "country"),
    ("REGION", "region"),
    ("MODEL", "model"),
    ("REQUESTS", "requests"),
    ("FAILED", "failed"),
    ("P50MS", "p50_ms"),
    ("P99MS", "p99_ms"),
]
RECENT_SECONDS = 10.0


def make_rows(requests: Iterable[RequestRecord]) -> list[dict[str, Any]]:
    """A row for each country, answering region and model version; empty where nobody answered."""
    groups: dict[tuple[str, str, str], list[RequestRecord]] = {}
    for record in requests:
        groups.setdefault((record.country, record.region, record.model), []).append(record)
    return [
        {
            **dict(zip(("country", "region", "model"), key, strict=True)),
            "requests": len(group),
            "failed": sum(not record.ok for record in group),
            "p50_ms": _milliseconds(group, 0.5),
            "p99_ms": _milliseconds(group, 0.99),
        }
        for key, group in sorted(groups.items())
    ]


def sum_up(requests: Sequence[RequestRecord], now: float) -> dict[str, Any]:
    """All in all, and the rate of the last ten seconds."""
    recent = sum(now - RECENT_SECONDS < record.ended <= now for record in requests)
    return {
        "requests": len(requests),
        "failed": sum(not record.ok for record in requests),
        "clients": len({record.client for record in requests}),
        "rate": recent / RECENT_SECONDS,
    }


def line_of(found: Mapping[str, Any]) -> str:
    """The same for people."""
    state = "running" if found["processes"] else "stopped"
    return (
        f"{state}; {found['requests']} requests of {found['clients']} clients,"
        f" {found['failed']} failed; now {found['rate']:g} a second"
    )


def describe(request: LoadRequest) -> str:
    """A load in words."""
    shape = request.shape
    if shape.kind == "replay":
        return f"the recorded requests are sent again, {shape.speed:g} times as fast,"
    clients = f"from {request.users} clients"
    if shape.kind == "steady":
        return f"{request.rate:g} requests a second {clients}"
    return f"{shape.kind}: {request.rate:g} to {shape.peak:g} requests a second {clients}"


def _milliseconds(group: Iterable[RequestRecord], share: float) -> float | None:
    found = quantile((r.ended - r.started for r in group if r.ok), share)
    return None if found is None else round(found * 1000, 1)
