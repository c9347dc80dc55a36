"""Operations and settings that several runbooks and drills share. Pure."""

from collections.abc import Sequence
from typing import Any

from infctl.content.facts import Facts
from infctl.model.plan import Operation
from infctl.platform import Platform, loss_bound, switch_bound
from infctl.platform.render import cloud_names

SAMPLES = 30
"""Answers asked for at once: one region of three escapes them with a chance of 5 in a million."""

_RATE = (
    'sum(rate(envoy_http_downstream_rq_completed{envoy_http_conn_manager_prefix="ingress"}[15s]))'
)
_RESIDUAL = 3.0


def switch(
    platform: Platform, region: str, reason: str, *, kind: str, keep: float | None = None
) -> Operation:
    """A region's data-plane switch, off (for `keep` seconds) or on, at all its keepers."""
    keepers = {k: cloud_names.switches_bucket(platform, k) for k in platform.keepers(region)}
    return Operation(
        kind,
        {
            "region": region,
            "keepers": keepers,
            "key": cloud_names.switch_key(region),
            "reason": reason,
            **({} if keep is None else {"keep": keep}),
        },
        region=region,
    )


def deployment(platform: Platform, region: str) -> dict[str, Any]:
    """Where the pods of the service that clients use are defined."""
    service = platform.service.name
    return {"region": region, "namespace": service, "name": f"{service}-stable"}


def verify_traffic(
    facts: Facts, *, absent: Sequence[str] = (), present: Sequence[str] = ()
) -> Operation:
    """Which regions must be out of the answers, and which in."""
    platform = facts.platform
    return Operation(
        "verify_traffic",
        {
            "host": platform.service.host,
            "addresses": dict(facts.addresses),
            "absent": list(absent),
            "present": list(present),
            "ttl": platform.traffic.ttl,
            "samples": SAMPLES,
            "query": _RATE,
            "residual": _RESIDUAL,
        },
    )


def switch_seconds(platform: Platform) -> float:
    """What a switch may take until the last client has left."""
    return switch_bound(platform).seconds


def route53_settings(platform: Platform) -> dict[str, Any]:
    """The settings that every recovery time is printed beside; seconds."""
    return {
        "route53": {
            "interval": platform.traffic.health_check.interval,
            "failure_threshold": platform.traffic.health_check.failure_threshold,
            "switch_interval": platform.traffic.switch.interval,
            "switch_failure_threshold": platform.traffic.switch.failure_threshold,
            "ttl": platform.traffic.ttl,
            "timeout": platform.traffic.timeout,
        },
        "bound": {
            "region-loss": loss_bound(platform).seconds,
            "operated": switch_bound(platform).seconds,
        },
    }
