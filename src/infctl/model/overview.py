"""The overview of regions as rows: what `status` prints and the console draws. Pure functions."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infctl.model.measured import Measured
from infctl.model.outcome import Outcome, Word
from infctl.model.snapshot import ModelVersion, RegionSnapshot, Replicas, Snapshot
from infctl.model.text import clean
from infctl.model.verdict import Bounds, judge_region


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the service promises: availability in 0..1, p99 in seconds."""

    availability: float
    latency_p99: float

    @property
    def bounds(self) -> Bounds:
        """The same promise as bounds for a region."""
        return Bounds(self.latency_p99, 1 - self.availability)


def region_rows(snapshot: Snapshot, agreement: Agreement) -> list[dict[str, Any]]:
    """One JSON-ready row per region; `_display` holds the texts of a table."""
    return [_row(region, snapshot.at, agreement) for region in snapshot.regions]


def judge_service(snapshot: Snapshot, agreement: Agreement) -> Outcome:
    """The service against its agreement over the signals' window, all regions counted by traffic.

    Without requests nothing is measured: errored.
    """
    counted = [r for r in snapshot.regions if r.requests_per_second.known]
    total = sum(r.requests_per_second.value or 0.0 for r in counted)
    if total == 0:
        return Outcome(Word.ERRORED, ("no requests were counted",))
    availability, p99 = service_figures(snapshot)
    findings = []
    if availability < agreement.availability:
        findings.append(f"availability {availability:.3%}, agreed {agreement.availability:.3%}")
    if p99 is not None and p99 > agreement.latency_p99:
        findings.append(f"p99 {_ms(p99)}, agreed {_ms(agreement.latency_p99)}")
    if findings:
        return Outcome(Word.FAILED, tuple(findings))
    blind = [r.name for r in snapshot.regions if not r.requests_per_second.known]
    if blind:
        return Outcome(Word.INCONCLUSIVE, (f"no metrics from {', '.join(blind)}",))
    latency = "" if p99 is None else f", p99 {_ms(p99)}"
    return Outcome(Word.PASSED, (f"availability {availability:.3%}{latency}",))


def service_figures(snapshot: Snapshot) -> tuple[float, float | None]:
    """Availability weighted by traffic (1.0 where nothing failed) and the worst region's p99."""
    counted = [r for r in snapshot.regions if r.requests_per_second.known]
    total = sum(r.requests_per_second.value or 0.0 for r in counted)
    failed = sum(
        (r.requests_per_second.value or 0.0) * (r.error_ratio.value or 0.0) for r in counted
    )
    tails = [r.p99.value for r in counted if r.p99.known and r.p99.value is not None]
    availability = 1 - failed / total if total else 1.0
    return availability, max(tails, default=None)


def _row(region: RegionSnapshot, now: float, agreement: Agreement) -> dict[str, Any]:
    verdict = judge_region(region, agreement.bounds)
    oldest = max(m.age(now) for m in region.sources().values())
    return {
        "name": region.name,
        "state": verdict.health.value,
        "evidence": list(verdict.evidence),
        "age_s": round(oldest, 1),
        **{name: _json(measured) for name, measured in region.sources().items()},
        "_display": {
            "state": verdict.health.value.upper(),
            "evidence": verdict.evidence[0],
            "age": _age(oldest),
            **{name: text(region) for name, text in _TEXTS.items()},
        },
    }


def _json(measured: Measured[Any]) -> dict[str, Any]:
    value = measured.value
    if isinstance(value, Replicas):
        value = {"ready": value.ready, "wanted": value.wanted}
    elif isinstance(value, tuple):
        value = [{"name": m.name, "version": m.version, "digest": m.digest} for m in value]
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(measured.at))
    return {"value": value, "at": at, "source": measured.source, "reason": measured.reason}


def _show(measured: Measured[Any], form: Callable[[Any], str]) -> str:
    if measured.value is None:
        return "-"
    # A value that was carried over is never shown like a fresh one.
    return ("~" if measured.reason else "") + clean(form(measured.value), limit=200)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _age(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds < 120 else f"{seconds / 60:.0f}m"


def _versions(models: tuple[ModelVersion, ...]) -> str:
    return " ".join(f"{m.name}:{m.version}@{m.digest.removeprefix('sha256:')[:8]}" for m in models)


_TEXTS: dict[str, Callable[[RegionSnapshot], str]] = {
    "traffic": lambda r: _show(r.traffic_share, lambda v: f"{v * 100:.0f}"),
    "requests": lambda r: _show(r.requests_per_second, lambda v: f"{v:.1f}"),
    "errors": lambda r: _show(r.error_ratio, lambda v: f"{v * 100:.2f}"),
    "p50_ms": lambda r: _show(r.p50, lambda v: f"{v * 1000:.0f}"),
    "p99_ms": lambda r: _show(r.p99, lambda v: f"{v * 1000:.0f}"),
    "waiting": lambda r: _show(r.queue, lambda v: f"{v:.0f}"),
    "busy": lambda r: _show(r.saturation, lambda v: f"{v * 100:.0f}"),
    "ready": lambda r: _show(r.replicas, lambda v: f"{v.ready}/{v.wanted}"),
    "versions": lambda r: _show(r.models, _versions),
    "kubernetes": lambda r: _show(r.cluster_version, str),
    "revision": lambda r: _show(r.generation, lambda v: v.removeprefix("sha256:")[:8]),
    "record_weight": lambda r: _show(r.weight, str),
    "dns": lambda r: _show(r.dns_healthy, lambda v: "in" if v else "out"),
}
