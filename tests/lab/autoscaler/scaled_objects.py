"""ScaledObjects for tests, as people write them."""

from typing import Any

Object = dict[str, Any]


def prometheus(query: str = "vector(0)", threshold: str = "8", **metadata: str) -> Object:
    """A trigger; `metricType` and `name` are its own fields, the rest is metadata."""
    own: Object = {k: metadata.pop(k) for k in ("metricType", "name") if k in metadata}
    fixed = {"serverAddress": "http://prometheus.monitoring.svc:9090"}
    values = {**fixed, "query": query, "threshold": threshold, **metadata}
    return {"type": "prometheus", **own, "metadata": values}


def cron(start: str, end: str, replicas: str = "3", timezone: str = "UTC") -> Object:
    """A cron trigger."""
    metadata = {"timezone": timezone, "start": start, "end": end, "desiredReplicas": replicas}
    return {"type": "cron", "metadata": metadata}


def scaled_object(*triggers: Object, name: str = "web", **spec: Any) -> Object:
    """A ScaledObject of the Deployment of its name; `annotations` are its own."""
    annotations = spec.pop("annotations", {})
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {
            "name": name,
            "namespace": "vision",
            "uid": "u-1",
            "annotations": annotations,
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {
            "scaleTargetRef": {"name": name},
            "triggers": list(triggers or (prometheus(),)),
            **spec,
        },
    }
