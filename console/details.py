"""All that is known of one region, as lines; pure, so that it is tried without a terminal."""

from typing import Any

from infctl.console.rows import STATES
from infctl.model.measured import Measured
from infctl.model.snapshot import RegionSnapshot
from infctl.model.text import clean

_VALUES = (
    ("traffic %", "traffic", "traffic_share"),
    ("requests/s", "requests", "requests_per_second"),
    ("errors %", "errors", "error_ratio"),
    ("p50 ms", "p50_ms", "p50"),
    ("p99 ms", "p99_ms", "p99"),
    ("queue", "waiting", "queue"),
    ("slots busy %", "busy", "saturation"),
    ("replicas ready", "ready", "replicas"),
    ("in the answers", "dns", "dns_healthy"),
    ("switched off", "", "switched_off"),
    ("object store", "", "store"),
    ("record weight", "record_weight", "weight"),
    ("Kubernetes", "kubernetes", "cluster_version"),
    ("stack", "revision", "generation"),
    ("models", "versions", "models"),
)
_WIDEST = 24


def detail_lines(row: dict[str, Any], region: RegionSnapshot, now: float) -> list[str]:
    """The verdict with its evidence, then each value with its age and its source."""
    word, sign, _ = STATES[row["state"]]
    lines = [f"{region.name}  {sign} {word}", *(f"  {clean(e)}" for e in row["evidence"]), ""]
    sources = region.sources()
    for label, shown, field in _VALUES:
        measured = sources[field]
        text = row["_display"][shown] if shown else _word(measured)
        lines += _value(label, text, measured, now)
    return lines


def _value(label: str, text: str, measured: Measured[Any], now: float) -> list[str]:
    """A line, or two where the value is long; one more for the reason of what is not fresh."""
    read = f"{max(0.0, now - measured.at):.0f}s".rjust(5) + f"  {clean(measured.source, limit=30)}"
    lines = [f"  {label:<15} {text:<{_WIDEST}} {read}"]
    if len(text) > _WIDEST:
        lines = [f"  {label:<15} {text}", f"  {'':<15} {'':<{_WIDEST}} {read}"]
    if measured.reason:
        lines.append(f"  {'':<15} {clean(measured.reason, limit=300)}")
    return lines


def _word(measured: Measured[Any]) -> str:
    if measured.value is None:
        return "-"
    mark = "~" if measured.reason else ""
    return mark + ("yes" if measured.value else "no")
