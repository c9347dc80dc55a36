"""Facts without a world: three regions, two pods each, the same requests per second everywhere."""

from pathlib import Path

from infctl.content.facts import Facts
from infctl.model.measured import Measured
from infctl.model.snapshot import RegionSnapshot, Replicas, Snapshot
from infctl.platform import load

_TWO = Replicas(2, 2)
PLATFORM = load(Path(__file__).parents[2] / "platform.yaml")


def _region(name: str, rate: float, replicas: Replicas) -> RegionSnapshot:
    values = {
        "cluster_version": "v1.37.2",
        "replicas": replicas,
        "models": (),
        "requests_per_second": rate,
        "error_ratio": 0.0,
        "p50": 0.02,
        "p99": 0.05,
        "queue": 0.0,
        "saturation": 0.1,
        "traffic_share": 1 / 3,
        "dns_healthy": True,
        "switched_off": False,
        "store": True,
        "weight": 100,
        "generation": "sha256:0",
    }
    return RegionSnapshot(name, **{k: Measured(v, 0.0, "test") for k, v in values.items()})  # type: ignore[arg-type]


def facts_at(rate: float, *, replicas: Replicas = _TWO) -> Facts:
    """Every region at `rate` requests per second, with as many pods."""
    names = PLATFORM.region_names
    snapshot = Snapshot(0.0, tuple(_region(name, rate, replicas) for name in names))
    addresses = {name: f"127.9.{number}.1" for number, name in enumerate(names, 1)}
    return Facts(PLATFORM, snapshot, addresses)
