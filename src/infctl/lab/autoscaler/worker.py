"""Keeps one ScaledObject: its autoscaler, its way to zero and back, its conditions and events."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infctl.lab.autoscaler import conditions, scaled, statuses
from infctl.lab.autoscaler.autoscalers import Autoscalers
from infctl.lab.autoscaler.decision import Act, Decision, Seen, decide
from infctl.lab.autoscaler.events import Events
from infctl.lab.autoscaler.numbers import Refused
from infctl.lab.autoscaler.readings import Ask, Outcome, Readings
from infctl.lab.autoscaler.scaled import Scaled
from infctl.lab.autoscaler.triggers.common import Object, ScalerFailed
from infctl.lab.autoscaler.workload import Workloads, replicas_of
from infctl.lab.cluster import Cluster, ClusterError

_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS = 1.0
_OURS = range(400, 500)
_TEMPORARY = (404, 408, 409, 429)


@dataclass(frozen=True, slots=True)
class Tools:
    """What all workers share. `rival` names another ScaledObject that has the target already."""

    cluster: Cluster
    workloads: Workloads
    autoscalers: Autoscalers
    events: Events
    ask: Ask
    rival: Callable[[Object], str]


class Worker:
    """One ScaledObject; `run` ends only by cancellation."""

    def __init__(self, tools: Tools, item: Object) -> None:
        self._tools = tools
        self.item = item
        self._status: Object = dict(item.get("status") or {})
        self._ensured: Any = None
        self._woken = asyncio.Event()
        self._readings = Readings(tools.ask, self._count)
        self._readings.remember(self._status.get("health") or {})

    def update(self, item: Object) -> None:
        """Take a newer version; what only its status says is our own word."""
        is_new = statuses.wish(item) != statuses.wish(self.item)
        self.item = item
        if is_new:
            self.wake()

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Look at each polling interval, and whenever the object changed."""
        while True:
            self._woken.clear()
            pause = await self._look()
            try:
                await asyncio.wait_for(self._woken.wait(), pause)
            except TimeoutError:
                continue

    async def metric(self, name: str) -> float:
        """The value of an external metric now; ScalerFailed or Refused with the reason."""
        wanted = scaled.read(self.item)
        for trigger in wanted.external:
            if trigger.metric == name:
                found = await self._readings.read(wanted, trigger)
                if found.fault:
                    raise ScalerFailed(found.fault)
                return found.value
        raise Refused(f"it has no external metric {name}")

    async def _look(self) -> float:
        """One look; returns the seconds until the next."""
        try:
            return await self._keep()
        except ClusterError as error:
            if error.status in _OURS and error.status not in _TEMPORARY:
                return await self._refuse(error.message)
            _LOG.info("%s: %s", self.name, error)
        except Refused as error:
            return await self._refuse(str(error))
        except Exception:
            # Whatever is wrong with this one, the others go on.
            _LOG.exception("%s cannot be kept", self.name)
        return _AGAIN_SECONDS

    async def _refuse(self, message: str) -> float:
        try:
            await self._report(conditions.refused(message))
        except ClusterError as error:
            _LOG.info("%s: %s", self.name, error)
            return _AGAIN_SECONDS
        # What is missing may come: a target, another kind.
        return _AGAIN_SECONDS * 5

    @property
    def name(self) -> str:
        """Namespace and name, as people write them."""
        metadata = self.item["metadata"]
        return f"{metadata['namespace']}/{metadata['name']}"

    async def _keep(self) -> float:
        item = self.item
        if scaled.is_paused(item):
            return await self._pause(item)
        wanted = scaled.read(item)
        if rival := self._tools.rival(item):
            target = f"{wanted.target.api_version}.{wanted.target.kind} {wanted.target.name!r}"
            raise Refused(f"{target} is already managed by the ScaledObject {rival!r}")
        scale = await self._tools.workloads.read(wanted.namespace, wanted.target)
        await self._ensure(item, wanted)
        outcomes = await self._readings.read_all(wanted)
        decision = decide(wanted, self._seen(item, outcomes, replicas_of(scale)))
        await self._tell_faults(item, outcomes)
        is_done = await self._act(item, wanted, decision, outcomes)
        await self._report(
            [*decision.conditions, *self._said(item, outcomes)],
            **statuses.describe(item, wanted, outcomes, self._readings.health()),
            **({"lastActiveTime": statuses.moment()} if decision.is_used and is_done else {}),
        )
        return wanted.polling

    async def _pause(self, item: Object) -> float:
        """Without an autoscaler nothing is scaled but to the number of the pause."""
        namespace = item["metadata"]["namespace"]
        kept = str(self._status.get("hpaName") or scaled.autoscaler_name(item))
        await self._tools.autoscalers.remove(namespace, kept)
        self._ensured = None
        replicas = scaled.paused_replicas(item)
        if replicas is not None:
            target = scaled.target_of(item)
            await self._tools.workloads.set_replicas(namespace, target, replicas)
        said = {**conditions.GOOD, "message": conditions.HELD["message"]}
        await self._report([said, conditions.HELD], pausedReplicaCount=replicas)
        return statuses.polling(item)

    async def _ensure(self, item: Object, wanted: Scaled) -> None:
        """Have the autoscaler as it is wanted, under the name that is wanted."""
        before = self._status.get("hpaName")
        if before and before != wanted.autoscaler:
            await self._tools.autoscalers.remove(wanted.namespace, before)
        wish = statuses.wish(item)
        await self._tools.autoscalers.ensure(item, wanted, is_new=wish != self._ensured)
        self._ensured = wish

    def _seen(self, item: Object, outcomes: list[Outcome], replicas: int) -> Seen:
        active = any(outcome.is_active for outcome in outcomes)
        return Seen(
            now=time.time(),
            created=statuses.seconds(item["metadata"]["creationTimestamp"]) or 0.0,
            last_active=statuses.seconds(self._status.get("lastActiveTime")),
            replicas=replicas,
            # Where only cpu and memory are asked, nothing would ever bring it back from zero.
            is_active=active or not outcomes,
            is_failing=any(outcome.fault for outcome in outcomes),
            is_forced=scaled.is_set(item, scaled.FORCED),
            is_held_in=scaled.is_set(item, scaled.PAUSED_IN),
            is_held_out=scaled.is_set(item, scaled.PAUSED_OUT),
        )

    def _said(self, item: Object, outcomes: list[Outcome]) -> list[Object]:
        """The conditions beside Ready and Active."""
        falls_back = any(outcome.falls_back for outcome in outcomes)
        is_held = any(scaled.is_set(item, a) for a in (scaled.PAUSED_IN, scaled.PAUSED_OUT))
        name = scaled.autoscaler_name(item)
        found = self._tools.autoscalers.find(item["metadata"]["namespace"], name) or {}
        return [
            conditions.FALLS_BACK if falls_back else conditions.NO_FALLBACK,
            *conditions.of_pause(self._status, is_held),
            *conditions.of_autoscaler(found),
        ]

    async def _act(
        self, item: Object, wanted: Scaled, decision: Decision, outcomes: list[Outcome]
    ) -> bool:
        """Set the replicas that were decided; false where the server did not let us."""
        if decision.act is Act.NONE:
            return True
        workloads, events = self._tools.workloads, self._tools.events
        try:
            before = await workloads.set_replicas(
                wanted.namespace, wanted.target, decision.replicas
            )
        except ClusterError as error:
            reason, message = statuses.explain_failure(wanted, decision, error.message)
            if reason:
                await events.tell(item, reason, message, is_warning=True)
            return False
        reason, message = statuses.explain(wanted, decision, before, outcomes)
        if reason:
            await events.tell(item, reason, message)
        return True

    async def _tell_faults(self, item: Object, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.fault:
                message = f"{outcome.trigger.metric}: {outcome.fault}"
                await self._tools.events.tell(item, "KEDAScalerFailed", message, is_warning=True)

    async def _report(self, said: list[Object], **fields: Any) -> None:
        """Write what changed of the status, and tell what is news."""
        old = self._status
        new = {
            **old,
            **fields,
            "conditions": conditions.merged(old.get("conditions") or (), said),
        }
        if new == old:
            return
        item = self.item
        metadata = item["metadata"]
        path = f"/apis/{item['apiVersion']}/namespaces/{metadata['namespace']}/scaledobjects"
        patch = {"status": statuses.change(old, new)}
        await self._tools.cluster.patch(f"{path}/{metadata['name']}/status", patch)
        self._status = new
        for reason, message, is_warning in statuses.news(old, new):
            await self._tools.events.tell(item, reason, message, is_warning=is_warning)

    async def _count(self) -> Any:
        metadata, target = self.item["metadata"], scaled.target_of(self.item)
        return await self._tools.workloads.count(metadata["namespace"], target)


def key_of(item: Mapping[str, Any]) -> tuple[str, str]:
    """Namespace and name."""
    return item["metadata"]["namespace"], item["metadata"]["name"]
