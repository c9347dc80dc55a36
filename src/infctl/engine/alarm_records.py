"""Alarms in the clusters: one ConfigMap each in infctl-system, where colleagues find them."""

from typing import Any

from infctl.engine.config_maps import texts_of
from infctl.errors import Conflict
from infctl.model.alarm import (
    Alarm,
    Closing,
    Review,
    alarm_text,
    closing_text,
    read_alarm,
    read_closing,
)
from infctl.model.fence import SYSTEM
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object

LABEL = "infctl.dev/alarm"
"""Its value is the environment."""
STATE_LABEL = "infctl.dev/review"
_ALARM, _CLOSING = "alarm", "closing"


def record_name(run: str) -> str:
    """The ConfigMap's name."""
    return f"infctl-alarm-{run}"


async def write_record(cluster: Cluster, review: Review) -> Review:
    """Have the cluster hold the review; what it holds then, closed where it knew that already.

    A closing is never taken back.
    """
    name = record_name(review.alarm.run)
    try:
        await cluster.create(_manifest(review))
        return review
    except Conflict:
        found = await cluster.read(CONFIG_MAP, name, SYSTEM)
    if found is None:
        raise Conflict(f"{name} came and went in {cluster.region}")
    there = _read(found)
    if there is not None and (there.closing is not None or review.closing is None):
        return review.merged(there)
    # What is no alarm under our own name keeps nobody from seeing ours.
    wanted = _manifest(review)
    version = found["metadata"].get("resourceVersion")
    metadata = {"resourceVersion": version, "labels": wanted["metadata"]["labels"]}
    patch = {"metadata": metadata, "data": wanted["data"]}
    await cluster.merge(CONFIG_MAP, name, SYSTEM, patch)
    return review


async def read_records(cluster: Cluster, environment: str) -> tuple[Review, ...]:
    """Every review of the environment that the cluster holds; what cannot be read is left out."""
    found = await cluster.list(CONFIG_MAP, SYSTEM, f"{LABEL}={environment}")
    reviews = (_read(each) for each in found)
    return tuple(r for r in reviews if r is not None and r.alarm.environment == environment)


def _manifest(review: Review) -> Object:
    labels = {LABEL: review.alarm.environment, STATE_LABEL: review.state}
    data = {_ALARM: alarm_text(review.alarm)}
    if review.closing is not None:
        data[_CLOSING] = closing_text(review.closing)
    metadata: dict[str, Any] = {
        "name": record_name(review.alarm.run),
        "namespace": SYSTEM,
        "labels": labels,
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _read(found: Object) -> Review | None:
    """Only under its own name: a copy of an alarm under another one is none."""
    texts = texts_of(found)
    alarm: Alarm | None = read_alarm(texts.get(_ALARM, ""))
    if alarm is None or found["metadata"].get("name") != record_name(alarm.run):
        return None
    closing: Closing | None = read_closing(texts.get(_CLOSING, ""))
    return Review(alarm, closing)
