"""Writes down, each second, what an autoscaler sees and does; and what it should have done."""

import asyncio
import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from infctl.lab import addresses, credentials
from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.spec import Lab

SPACE, NAME = "vision", "vision-stable"
TOLERANCE = 0.1
_EVERY = 1.0
_HPA = f"/apis/autoscaling/v2/namespaces/{SPACE}/horizontalpodautoscalers/keda-hpa-{NAME}"
_DEPLOYMENT = f"/apis/apps/v1/namespaces/{SPACE}/deployments/{NAME}"
_EVENTS = f"/api/v1/namespaces/{SPACE}/events"


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment: pods wanted and ready, requests that wait, and the autoscaler's own status."""

    at: float
    wanted: int
    ready: int
    queue: float
    autoscaler: dict[str, Any]

    @property
    def status(self) -> dict[str, Any]:
        """What the autoscaler says."""
        found: dict[str, Any] = self.autoscaler.get("status") or {}
        return found


@dataclass
class Recorder:
    """Looks from a thread of its own between `start` and `stop`."""

    lab: Lab
    samples: list[Sample] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._record()), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, with the events that there are by now."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(30)

    async def _record(self) -> None:
        lab, region = self.lab, self.lab.regions[0]
        token = credentials.token(lab, "operator")
        async with (
            Cluster(lab.api_url(region), token, lab.ca) as cluster,
            aiohttp.ClientSession() as session,
        ):
            metrics = f"http://{lab.inner(region, 'metrics')}:{addresses.METRICS_PORT}"
            while not self._over.is_set():
                begun = time.monotonic()
                try:
                    self.samples.append(await _look(cluster, session, metrics))
                except (ClusterError, aiohttp.ClientError, TimeoutError):
                    self._over.wait(0)
                await asyncio.sleep(max(_EVERY - (time.monotonic() - begun), 0))
            self.events = (await cluster.get(_EVENTS))["items"]


async def _look(cluster: Cluster, session: aiohttp.ClientSession, metrics: str) -> Sample:
    query = {"query": f'sum(infctl_queue_depth{{namespace="{SPACE}"}})'}
    async with session.get(f"{metrics}/api/v1/query", params=query) as answer:
        found = (await answer.json())["data"]["result"]
    deployment, autoscaler = await cluster.get(_DEPLOYMENT), await cluster.get(_HPA)
    return Sample(
        at=time.time(),
        wanted=int(deployment["spec"]["replicas"]),
        ready=int(deployment["status"].get("readyReplicas") or 0),
        queue=float(found[0]["value"][1]) if found else 0.0,
        autoscaler=autoscaler,
    )


def rises(samples: list[Sample]) -> list[Sample]:
    """The first look at each decision to have more pods."""
    found: list[Sample] = []
    for sample in samples:
        status = sample.status
        is_rise = status.get("desiredReplicas", 0) > status.get("currentReplicas", 0)
        moment = status.get("lastScaleTime")
        if is_rise and moment not in {s.status.get("lastScaleTime") for s in found}:
            found.append(sample)
    return found


def published(sample: Sample) -> set[int]:
    """What the Kubernetes documentation says of the values that the autoscaler had.

    desired = ceil(current x value / target) for each metric, and the largest of them; at most
    twice as many, or four, at once. A metric over all pods counts the ready ones, which may have
    changed by the time that we looked.
    """
    spec, status = sample.autoscaler["spec"], sample.status
    current = int(status["currentReplicas"])
    found = set()
    for ready in {sample.ready, current}:
        wanted = [
            _of_metric(asked["external"]["target"], seen.get("external", {}), current, ready)
            for asked, seen in zip(spec["metrics"], status["currentMetrics"], strict=True)
        ]
        most = min(spec["maxReplicas"], max(2 * current, 4))
        found.add(min(max(*wanted, spec["minReplicas"]), most))
    return found


def _of_metric(target: dict[str, Any], seen: dict[str, Any], current: int, ready: int) -> int:
    now = seen.get("current") or {}
    if target["type"] == "AverageValue":
        if "averageValue" not in now:
            return 0
        ratio, pods = number(now["averageValue"]) / number(target["averageValue"]), current
    else:
        if "value" not in now:
            return 0
        ratio, pods = number(now["value"]) / number(target["value"]), ready
    return current if abs(ratio - 1) <= TOLERANCE else math.ceil(ratio * pods)


def number(quantity: str) -> float:
    """A quantity of an autoscaler's as a number."""
    scales = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
    scale = scales.get(quantity[-1])
    return float(quantity[:-1]) * scale if scale else float(quantity)
