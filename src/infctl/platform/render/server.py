"""The model server: Deployment, Service and disruption budget of the stable track."""

import json
from typing import Any

from infctl.platform.model import Platform
from infctl.platform.render.cloud_names import models_bucket
from infctl.platform.render.foundation import priority_class
from infctl.platform.render.naming import MODELS, Object, build, labels, selector, stable

HTTP_PORT = 8080
METRICS_PORT = 8082
READY_PATH = "/v2/health/ready"


def render_deployment(platform: Platform, region: str) -> Object:
    """One server a pod; a rollout never goes below the wanted number of ready pods."""
    return build(
        platform,
        "apps/v1",
        "Deployment",
        stable(platform),
        annotations={MODELS: models_json(platform)},
        spec={
            "replicas": platform.autoscaling.min_replicas,
            "revisionHistoryLimit": 5,
            "progressDeadlineSeconds": _progress_deadline(platform),
            "selector": {"matchLabels": selector(platform)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "template": {
                "metadata": {"labels": labels(platform) | selector(platform)},
                "spec": _pod(platform, region),
            },
        },
    )


def render_service(platform: Platform) -> Object:
    """Where the gateway finds ready pods, and Prometheus their metrics."""
    return build(
        platform,
        "v1",
        "Service",
        stable(platform),
        spec={
            "type": "ClusterIP",
            "selector": selector(platform),
            "ports": [_port("http", HTTP_PORT), _port("metrics", METRICS_PORT)],
        },
    )


def render_disruption_budget(platform: Platform) -> Object:
    """Evictions take one pod at a time; pods that are not ready anyway may always go."""
    return build(
        platform,
        "policy/v1",
        "PodDisruptionBudget",
        stable(platform),
        spec={
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector(platform)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    )


def models_json(platform: Platform) -> str:
    """The models as the pods and the Deployment's annotation name them."""
    return json.dumps(
        [{"name": m.name, "version": m.version, "digest": m.digest} for m in platform.models],
        separators=(",", ":"),
    )


def _pod(platform: Platform, region: str) -> Object:
    return {
        "serviceAccountName": platform.service.name,
        "automountServiceAccountToken": False,
        "priorityClassName": priority_class(platform),
        "terminationGracePeriodSeconds": round(platform.server.grace),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [_spread(platform, key) for key in _SPREAD],
        "containers": [_container(platform, region)],
    }


_SPREAD = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def _spread(platform: Platform, key: str) -> Object:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(platform)},
    }


def _container(platform: Platform, region: str) -> Object:
    server = platform.server
    return {
        "name": "server",
        "image": server.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [
            {"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"},
            {"name": "metrics", "containerPort": METRICS_PORT, "protocol": "TCP"},
        ],
        "env": [{"name": k, "value": v} for k, v in _environment(platform, region).items()],
        "resources": {"requests": {"cpu": server.requests.cpu, "memory": server.requests.memory}},
        "startupProbe": _probe(server.startup.period, server.startup.failure_threshold),
        "readinessProbe": _probe(server.readiness.period, server.readiness.failure_threshold),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _environment(platform: Platform, region: str) -> dict[str, str]:
    server = platform.server
    return {
        "MODEL_STORE": f"s3://{models_bucket(platform, region)}",
        "MODEL_STORE_REGION": region,
        "MODELS": models_json(platform),
        "SLOTS": str(server.slots),
        "SERVICE_TIME_MS": f"{server.service_time * 1000:g}",
        "QUEUE_LIMIT": str(server.queue_limit),
        "LATENCY_CEILING_MS": f"{platform.service.sla.latency_p99 * 1000:g}",
        "WARMUP_REQUESTS": str(server.warmup_requests),
    }


def _probe(period: float, failures: int) -> Object:
    return {
        "httpGet": {"path": READY_PATH, "port": "http", "scheme": "HTTP"},
        "periodSeconds": round(period),
        "timeoutSeconds": 1,
        "failureThreshold": failures,
    }


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "port": number, "targetPort": name, "protocol": "TCP"}


def _progress_deadline(platform: Platform) -> int:
    startup = platform.server.startup
    return round(startup.period * startup.failure_threshold) + 60
