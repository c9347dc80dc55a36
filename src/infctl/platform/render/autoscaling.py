"""KEDA's ScaledObject: pods follow the queue, latency and errors, and the clock."""

from infctl.platform.model import Platform
from infctl.platform.render import signals
from infctl.platform.render.naming import Object, build, stable
from infctl.platform.sections.autoscaling import Schedule

_WINDOW = 60.0


def render_scaled_object(platform: Platform) -> Object:
    """Scale the stable Deployment; without metrics it keeps its minimum, and never shrinks."""
    scaling = platform.autoscaling
    return build(
        platform,
        "keda.sh/v1alpha1",
        "ScaledObject",
        stable(platform),
        spec={
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": stable(platform),
            },
            "minReplicaCount": scaling.min_replicas,
            "maxReplicaCount": scaling.max_replicas,
            "pollingInterval": round(scaling.polling),
            "cooldownPeriod": round(scaling.cooldown),
            "fallback": {
                "behavior": "currentReplicasIfHigher",
                "failureThreshold": 3,
                "replicas": scaling.min_replicas,
            },
            "triggers": [
                *_metric_triggers(platform),
                *(_clock_trigger(schedule) for schedule in scaling.schedules),
            ],
        },
    )


def _metric_triggers(platform: Platform) -> list[Object]:
    scaling = platform.autoscaling
    latency, errors = scaling.target_latency * 1000, scaling.target_error_ratio
    return [
        _prometheus(
            platform, "queue", signals.queue(platform), f"{scaling.target_queue}", "AverageValue"
        ),
        _prometheus(platform, "latency", signals.p99(_WINDOW), f"{latency:g}", "Value"),
        _prometheus(platform, "errors", signals.error_ratio(_WINDOW), f"{errors:g}", "Value"),
    ]


def _prometheus(platform: Platform, name: str, query: str, threshold: str, metric: str) -> Object:
    return {
        "type": "prometheus",
        "name": name,
        "metricType": metric,
        "metadata": {
            "serverAddress": platform.metrics.prometheus,
            "query": query,
            "threshold": threshold,
            "ignoreNullValues": "false",
        },
    }


def _clock_trigger(schedule: Schedule) -> Object:
    return {
        "type": "cron",
        "name": schedule.name,
        "metadata": {
            "timezone": schedule.timezone,
            "start": schedule.start,
            "end": schedule.end,
            "desiredReplicas": str(schedule.replicas),
        },
    }
