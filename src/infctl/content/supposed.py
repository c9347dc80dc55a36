"""Facts of a day on which all is well, from the platform file alone: what linting judges plans by.

They are never used to carry a plan out.
"""

from infctl.content.capacity import pod_capacity
from infctl.content.facts import Facts
from infctl.model.measured import Measured
from infctl.model.snapshot import ModelVersion, RegionSnapshot, Replicas, Snapshot
from infctl.platform import Platform

_SOURCE = "supposed"
_BUSY = 0.1


def supposed_facts(platform: Platform) -> Facts:
    """Every region serves, a tenth busy, with its least number of pods."""
    regions = tuple(_region(platform, name) for name in platform.region_names)
    # Addresses of the range that is kept for documentation (RFC 5737).
    addresses = {name: f"192.0.2.{n}" for n, name in enumerate(platform.region_names, 1)}
    return Facts(platform, Snapshot(0.0, regions), addresses)


def _region(platform: Platform, name: str) -> RegionSnapshot:
    pods = platform.autoscaling.min_replicas
    models = tuple(ModelVersion(m.name, m.version, m.digest) for m in platform.models)
    values = {
        "cluster_version": "supposed",
        "replicas": Replicas(pods, pods),
        "models": models,
        "requests_per_second": pods * pod_capacity(platform) * _BUSY,
        "error_ratio": 0.0,
        "p50": platform.server.service_time,
        "p99": platform.service.sla.latency_p99 / 2,
        "queue": 0.0,
        "saturation": _BUSY,
        "traffic_share": 1 / len(platform.regions),
        "dns_healthy": True,
        "switched_off": False,
        "store": True,
        "weight": platform.region(name).weight,
        "generation": "supposed",
    }
    measured = {field: Measured(value, 0.0, _SOURCE) for field, value in values.items()}
    return RegionSnapshot(name, **measured)  # type: ignore[arg-type]
