"""Is a region healthy? A pure function of its snapshot, with the evidence that decided it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infctl.model.measured import Measured
from infctl.model.snapshot import Health, RegionSnapshot, Verdict

_ORDER = (Health.DOWN, Health.UNKNOWN, Health.DEGRADED, Health.HEALTHY)
_DOWN_ERROR_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a region must keep: p99 in seconds, the error ratio and saturation in 0..1."""

    p99: float
    error_ratio: float
    saturation: float = 0.9


Finding = tuple[Health, str]


def judge_region(region: RegionSnapshot, bounds: Bounds) -> Verdict:
    """The worst finding names the verdict; without any the region is healthy.

    A region is down where clients are not served: its health checks say so, no replica is ready, or
    half of its requests fail. What could not be read makes it unknown, unless it is down already.
    """
    findings = [*_switch(region), *_serving(region), *_quality(region, bounds), *_unread(region)]
    if not findings:
        return Verdict(Health.HEALTHY, (_praise(region),))
    findings.sort(key=lambda finding: _ORDER.index(finding[0]))
    return Verdict(findings[0][0], tuple(sentence for _, sentence in findings))


def _switch(region: RegionSnapshot) -> Iterator[Finding]:
    if region.switched_off.value:
        yield Health.DEGRADED, "switched off by an operator"


def _serving(region: RegionSnapshot) -> Iterator[Finding]:
    if region.dns_healthy.known and region.dns_healthy.value is False:
        yield _out_of_answer(region)
    if not region.replicas.known or region.replicas.value is None:
        return
    replicas = region.replicas.value
    if replicas.ready == 0:
        yield Health.DOWN, f"no replica ready of {replicas.wanted}"
    elif replicas.ready < replicas.wanted:
        yield Health.DEGRADED, f"{replicas.ready} of {replicas.wanted} replicas ready"


def _out_of_answer(region: RegionSnapshot) -> Finding:
    if region.switched_off.value:
        return Health.DEGRADED, "out of the name service's answers, as its switch says"
    return Health.DOWN, "the name service's health checks fail"


def _quality(region: RegionSnapshot, bounds: Bounds) -> Iterator[Finding]:
    errors = _value(region.error_ratio)
    if errors is not None and errors > bounds.error_ratio:
        health = Health.DOWN if errors >= _DOWN_ERROR_RATIO else Health.DEGRADED
        yield health, f"errors {errors:.2%}, bound {bounds.error_ratio:.2%}"
    p99 = _value(region.p99)
    if p99 is not None and p99 > bounds.p99:
        yield Health.DEGRADED, f"p99 {p99 * 1000:.0f} ms, ceiling {bounds.p99 * 1000:.0f} ms"
    saturation = _value(region.saturation)
    if saturation is not None and saturation > bounds.saturation:
        yield Health.DEGRADED, f"device slots {saturation:.0%} busy"


def _unread(region: RegionSnapshot) -> Iterator[Finding]:
    needed: dict[str, Measured[Any]] = {
        "Kubernetes API": region.cluster_version,
        "replicas": region.replicas,
        "requests": region.requests_per_second,
        "health checks": region.dns_healthy,
        "switch": region.switched_off,
        "object store": region.store,
    }
    for what, measured in needed.items():
        if not measured.known:
            yield Health.UNKNOWN, f"{what}: {measured.reason or 'no data'}"


def _value(measured: Measured[float]) -> float | None:
    return measured.value if measured.known else None


def _praise(region: RegionSnapshot) -> str:
    replicas = region.replicas.value
    ready = f"{replicas.ready} of {replicas.wanted} replicas ready" if replicas else "serving"
    p99 = _value(region.p99)
    return ready if p99 is None else f"{ready}, p99 {p99 * 1000:.0f} ms"
