"""Waits until a region serves: the Deployment rolled out, the Gateway programmed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from infctl.engine.deploy.results import Progress, Report
from infctl.errors import InfctlError
from infctl.platform.model import Platform
from infctl.platform.render.naming import namespace, stable
from infctl.ports.cluster import DEPLOYMENT, GATEWAY, Cluster, Event, Kind

Object = dict[str, Any]


@dataclass(slots=True)
class Readiness:
    """What the watches last saw; `waiting` says per kind why it is not ready."""

    ready: int = 0
    wanted: int = 0
    address: str = ""
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """For the table: pods ready of wanted."""
        return f"{self.ready}/{self.wanted}" if self.wanted else ""

    @property
    def reason(self) -> str:
        """Why it is not ready; empty where it is."""
        return "; ".join(reason for reason in self.waiting.values() if reason)


class RolloutFailed(InfctlError):
    """The Deployment's controller gave up."""


async def wait_ready(
    cluster: Cluster, platform: Platform, seen: Readiness, report: Report, *, gateway: bool
) -> None:
    """Return when all is ready; keeps `seen` up to date. The caller sets the deadline."""

    def on_deployment(deployment: Object | None) -> str:
        reason = judge_deployment(deployment)
        seen.ready, seen.wanted = count(deployment)
        report(Progress(cluster.region, "pods", seen.ready, seen.wanted))
        return reason

    def on_gateway(found: Object | None) -> str:
        seen.address = address(found)
        return judge_gateway(found)

    place, name = namespace(platform), platform.service.name
    waits = [_wait(cluster, DEPLOYMENT, place, stable(platform), on_deployment, seen)]
    if gateway:
        waits.append(_wait(cluster, GATEWAY, place, name, on_gateway, seen))
    await _all(waits)


def judge_deployment(deployment: Object | None) -> str:
    """Why the rollout is not complete; empty where it is."""
    if deployment is None:
        return "the Deployment is not there"
    status = deployment.get("status", {})
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 1):
        return "the Deployment was not seen by its controller yet"
    ready, wanted = count(deployment)
    updated = status.get("updatedReplicas") or 0
    available = status.get("availableReplicas") or 0
    total = status.get("replicas") or 0
    if updated == wanted == available == total:
        return ""
    stuck = _condition(deployment, "Progressing")
    if stuck.get("reason") == "ProgressDeadlineExceeded":
        raise RolloutFailed(f"{ready} of {wanted} pods ready: {stuck.get('message', '')}")
    blocked = _condition(deployment, "ReplicaFailure")
    cause = f": {blocked['message']}" if blocked.get("status") == "True" else ""
    return f"{ready} of {wanted} pods ready, {updated} updated{cause}"


def judge_gateway(found: Object | None) -> str:
    """Why the Gateway does not serve; empty where it does."""
    if found is None:
        return "the Gateway is not there"
    programmed = _condition(found, "Programmed")
    if programmed.get("status") != "True":
        return (
            f"the Gateway is not programmed: {programmed.get('message') or 'no controller said so'}"
        )
    return "" if address(found) else "the Gateway has no address"


def count(deployment: Object | None) -> tuple[int, int]:
    """Pods ready and wanted."""
    if deployment is None:
        return 0, 0
    ready = deployment.get("status", {}).get("readyReplicas") or 0
    return int(ready), int(deployment.get("spec", {}).get("replicas", 1))


def address(gateway: Object | None) -> str:
    """The first address of a Gateway's status, or empty."""
    addresses = (gateway or {}).get("status", {}).get("addresses") or []
    return str(addresses[0].get("value", "")) if addresses else ""


async def _wait(
    cluster: Cluster,
    kind: Kind,
    place: str,
    name: str,
    judge: Callable[[Object | None], str],
    seen: Readiness,
) -> None:
    seen.waiting[kind.kind] = f"the {kind.kind} was not seen yet"
    async with aclosing(_objects(cluster.watch(kind, place), name)) as objects:
        async for found in objects:
            seen.waiting[kind.kind] = judge(found)
            if not seen.waiting[kind.kind]:
                return


async def _all(waits: list[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; the first that fails ends the others."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _objects(events: AsyncIterator[Event], name: str) -> AsyncGenerator[Object | None, None]:
    """The states of the object of that name, None where it was deleted."""
    try:
        async for event in events:
            items = event.object.get("items", []) if event.type == "LISTED" else [event.object]
            for found in items:
                if found.get("metadata", {}).get("name") == name:
                    yield None if event.type == "DELETED" else found
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _condition(found: Object, kind: str) -> Object:
    conditions = found.get("status", {}).get("conditions") or []
    return next((c for c in conditions if c.get("type") == kind), {})
