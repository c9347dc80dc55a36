"""The Prometheus operator's objects: what is scraped, and what wakes people."""

from infctl.platform.model import Platform
from infctl.platform.render import signals
from infctl.platform.render.naming import Object, build, stable

_BURN = (("fast", 14.4, 3600.0, 300.0, "page"), ("slow", 6.0, 21600.0, 1800.0, "ticket"))
"""Burn rates over a long and a short window. Source: the SRE workbook, chapter 5."""


def render_service_monitor(platform: Platform) -> Object:
    """Scrape each pod's metrics port."""
    return build(
        platform,
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        stable(platform),
        spec={
            "jobLabel": "app.kubernetes.io/name",
            "selector": {"matchLabels": {"app.kubernetes.io/name": platform.service.name}},
            "endpoints": [{"port": "metrics", "path": "/metrics", "interval": "15s"}],
        },
    )


def render_rules(platform: Platform) -> Object:
    """Alerts on how fast the error budget burns, and on pods that are missing."""
    rules = [_burn(platform, *burn) for burn in _BURN]
    return build(
        platform,
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        platform.service.name,
        spec={
            "groups": [
                {
                    "name": f"{platform.service.name}.objectives",
                    "interval": "30s",
                    "rules": [*rules, _latency(platform), _queue(platform)],
                }
            ]
        },
    )


def _burn(
    platform: Platform, name: str, factor: float, long: float, short: float, severity: str
) -> Object:
    budget = factor * (1 - platform.objectives.availability.target)
    conditions = (f"{signals.error_ratio(window)} > {budget:.6g}" for window in (long, short))
    summary = f"{platform.service.name} burns its error budget {factor:g} times too fast"
    return _alert(
        f"ErrorBudgetBurn{name.title()}", " and ".join(conditions), "2m", severity, summary
    )


def _latency(platform: Platform) -> Object:
    objective = platform.objectives.latency
    expression = f"{signals.slow_ratio(objective.ceiling, 300.0)} > {1 - objective.target:.6g}"
    summary = f"{platform.service.name} answers slower than its ceiling"
    return _alert("LatencyObjectiveMissed", expression, "5m", "page", summary)


def _queue(platform: Platform) -> Object:
    bound = platform.autoscaling.max_replicas * platform.autoscaling.target_queue
    expression = f"{signals.queue(platform)} > {bound}"
    summary = f"{platform.service.name} queues more than all its pods are meant to hold"
    return _alert("QueueTooLong", expression, "5m", "page", summary)


def _alert(name: str, expression: str, hold: str, severity: str, summary: str) -> Object:
    return {
        "alert": name,
        "expr": expression,
        "for": hold,
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    }
