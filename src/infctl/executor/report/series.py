"""The clients' log as numbers over time. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infctl.judge.quantiles import quantile
from infctl.ports.load import RequestRecord

Bucket = Sequence[RequestRecord]
MOST_POINTS = 600


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each bucket of `width` seconds; `starts` are seconds after the origin.

    `served` is requests per second by region, `errors` failed requests per second, `p99` in
    milliseconds, None where nothing was served.
    """

    width: float
    starts: tuple[float, ...]
    served: dict[str, tuple[float, ...]]
    errors: tuple[float, ...]
    p99: tuple[float | None, ...]


def make_series(requests: Sequence[RequestRecord], origin: float) -> Series:
    """Buckets of a second, or wider ones where there would be more than 600."""
    if not requests:
        return Series(1.0, (), {}, (), ())
    first = min(r.ended for r in requests)
    last = max(r.ended for r in requests)
    width = max(1.0, (last - first) / MOST_POINTS)
    count = int((last - first) / width) + 1
    buckets: list[list[RequestRecord]] = [[] for _ in range(count)]
    for request in requests:
        buckets[int((request.ended - first) / width)].append(request)
    regions = sorted({r.region for r in requests if r.ok})
    return Series(
        width=width,
        starts=tuple(round(first - origin + i * width, 1) for i in range(count)),
        served={region: tuple(_served(b, width, region) for b in buckets) for region in regions},
        errors=tuple(_rate(b, width, lambda r: not r.ok) for b in buckets),
        p99=tuple(_p99(b) for b in buckets),
    )


def _served(bucket: Bucket, width: float, region: str) -> float:
    return _rate(bucket, width, lambda r: r.ok and r.region == region)


def _rate(bucket: Bucket, width: float, counts: Callable[[RequestRecord], bool]) -> float:
    return round(sum(1 for r in bucket if counts(r)) / width, 2)


def _p99(bucket: Bucket) -> float | None:
    found = quantile((r.ended - r.started for r in bucket if r.ok), 0.99)
    return None if found is None else round(found * 1000, 1)
