"""What a region's Kubernetes API says of the stack."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infctl.model.measured import Measured, unknown
from infctl.model.snapshot import ModelVersion, Replicas
from infctl.observe.reading import measure
from infctl.ports.cluster import DEPLOYMENT, Cluster

MODELS = "infctl.dev/models"
GENERATION = "infctl.dev/generation"


@dataclass(frozen=True, slots=True)
class ClusterReading:
    """The cluster's share of a RegionSnapshot."""

    version: Measured[str]
    replicas: Measured[Replicas]
    models: Measured[tuple[ModelVersion, ...]]
    generation: Measured[str]


async def read_cluster(cluster: Cluster, service: str, deadline: float) -> ClusterReading:
    """Read the server's version and the stable deployment of `service`."""
    source = f"kubernetes {cluster.region}"
    version = await measure(cluster.version(), source, deadline)
    if not version.known:
        return _silent(version, source)
    question = cluster.read(DEPLOYMENT, f"{service}-stable", service)
    deployment = await measure(question, source, deadline)
    if not deployment.known:
        reason = "not deployed" if deployment.reason == "no data" else deployment.reason
        missing: Measured[Any] = unknown(source, deployment.at, reason)
        return ClusterReading(version, missing, missing, missing)
    return ClusterReading(
        version,
        deployment.map(_replicas),
        _known(deployment.map(_models), "no models named"),
        _known(deployment.map(_generation), "no generation named"),
    )


def _silent(version: Measured[str], source: str) -> ClusterReading:
    silent: Measured[Any] = unknown(source, version.at, version.reason)
    return ClusterReading(version, silent, silent, silent)


def _known(measured: Measured[Any], reason: str) -> Measured[Any]:
    return measured if measured.value else unknown(measured.source, measured.at, reason)


def _replicas(deployment: Mapping[str, Any]) -> Replicas:
    ready = deployment.get("status", {}).get("readyReplicas") or 0
    return Replicas(int(ready), int(deployment.get("spec", {}).get("replicas", 1)))


def _annotations(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    found = deployment.get("metadata", {}).get("annotations")
    return found if isinstance(found, Mapping) else {}


def _generation(deployment: Mapping[str, Any]) -> str:
    return str(_annotations(deployment).get(GENERATION, ""))


def _models(deployment: Mapping[str, Any]) -> tuple[ModelVersion, ...]:
    template = deployment.get("spec", {}).get("template", {})
    text = _annotations(deployment).get(MODELS) or _annotations(template).get(MODELS) or "[]"
    try:
        return tuple(ModelVersion(m["name"], m["version"], m["digest"]) for m in json.loads(text))
    except (ValueError, KeyError, TypeError):
        # Whoever edited the annotation did not leave JSON: we do not know, and say so.
        return ()
