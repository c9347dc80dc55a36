"""The life of one pod on its node: from its address to its deletion."""

import asyncio
import logging
import time

from infctl.lab.agent import events
from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.grace import Grace
from infctl.lab.agent.host import Host
from infctl.lab.agent.keeper import Keeper
from infctl.lab.agent.publishing import Publisher
from infctl.lab.agent.status import are_initialized, make_status
from infctl.lab.agent.volumes import absent_paths, blocking_volumes
from infctl.lab.cluster import ClusterError

_LOG = logging.getLogger(__name__)
_OVER = ("Succeeded", "Failed")
_DEFAULT_GRACE = 30
_CONFLICT = 409
_RETRY_SECONDS = 0.5
_LONGEST_RETRY_SECONDS = 5.0


class Worker:
    """One pod; `pod` is the newest object of it that was seen."""

    def __init__(self, host: Host, pod: Object, facts: PodFacts, since: float) -> None:
        self.pod = pod
        self.facts = facts
        self._host = host
        self._since = since
        self._is_over = (pod.get("status") or {}).get("phase") in _OVER
        self._ending = asyncio.Event()
        self._gone = asyncio.Event()
        self._grace: Grace | None = None
        self._publisher = Publisher(host.cluster, lambda: self.pod, self.status)
        first, containers = pod["spec"].get("initContainers") or [], pod["spec"]["containers"]
        policy = pod["spec"].get("restartPolicy", "Always")
        self.first = [self._keeper(c, _init_policy(policy)) for c in first]
        self.containers = [self._keeper(c, policy) for c in containers]
        self._take_over()

    @property
    def holds_address(self) -> bool:
        """Whether its address is in use: what has completed needs it no more."""
        return (self.pod.get("status") or {}).get("phase") not in _OVER

    def keeper(self, name: str) -> Keeper | None:
        """The keeper of the container of that name."""
        return next((k for k in self._all() if k.view.name == name), None)

    def status(self, pod: Object) -> Object | None:
        """The status that `pod` should have; None where that is settled already."""
        if self._is_over:
            return None
        return make_status(
            pod,
            self.facts,
            [k.view for k in self.containers],
            [k.view for k in self.first],
            since=self._since,
            is_ending=self._ending.is_set(),
        )

    def update(self, pod: Object) -> None:
        """Take a newer object of the pod."""
        self.pod = pod
        if pod["metadata"].get("deletionTimestamp"):
            if self._grace:
                self._grace.shorten(_grace(pod))
            self._ending.set()
        self._publisher.look()

    def abandon(self) -> None:
        """The object is gone: nothing is owed to the containers any more."""
        self._gone.set()
        self._ending.set()
        if self._grace:
            self._grace.shorten(0)

    async def run(self) -> None:
        """Live, end, and let the object go; the pod's processes survive a cancellation."""
        publishing = asyncio.create_task(self._publisher.run())
        living = asyncio.create_task(self._live())
        try:
            await self._ending.wait()
            living.cancel()
            await asyncio.wait({living})
            await self._end()
            await self._let_go()
        finally:
            living.cancel()
            publishing.cancel()
            for keeper in self._all():
                keeper.forget()

    async def _live(self) -> None:
        try:
            await self._keep_all()
        except Exception:
            _LOG.exception("pod %s/%s is kept no more", self.facts.namespace, self.facts.name)
            self._tell("", "Failed", "the node agent failed on this pod; its log says more")

    async def _keep_all(self) -> None:
        if self._is_over or self._is_refused():
            return
        self._publisher.look()
        for keeper in self.first:
            await keeper.run()
            if not are_initialized([keeper.view]):
                return
        async with asyncio.TaskGroup() as tasks:
            for keeper in self.containers:
                tasks.create_task(keeper.run())

    def _is_refused(self) -> bool:
        """Whether the pod needs what the lab's nodes do not have; its events say what."""
        spec = self.pod["spec"]
        if blocked := blocking_volumes(spec):
            self._tell("", "FailedMount", f"the lab has no volumes yet: {', '.join(blocked)}")
        if sidecars := [k for k in self.first if k.container.get("restartPolicy") == "Always"]:
            names = ", ".join(k.view.name for k in sidecars)
            self._tell("", "FailedCreatePodSandBox", f"the lab runs no sidecars: {names}")
        if not blocked and not sidecars and (paths := absent_paths(spec)):
            self._tell("", "NotMounted", f"in the lab there is nothing at {', '.join(paths)}")
        return bool(blocked or sidecars)

    async def _end(self) -> None:
        seconds = 0 if self._gone.is_set() else _grace(self.pod)
        self._grace = Grace(seconds)
        for keeper in self._all():
            keeper.view.is_ready = False
        self._publisher.look()
        hook = not self._gone.is_set()
        await asyncio.gather(*(k.end(self._grace, hook=hook) for k in self._all()))

    async def _let_go(self) -> None:
        """Report how it ended and delete the object, unless that has gone by itself."""
        pause = _RETRY_SECONDS
        metadata = self.pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        while not self._gone.is_set():
            try:
                await self._publisher.publish()
                preconditions = {"uid": metadata["uid"]}
                await self._host.cluster.delete(
                    path, gracePeriodSeconds=0, preconditions=preconditions
                )
                return
            except ClusterError as error:
                if error.status == _CONFLICT:
                    # The name belongs to another pod by now.
                    return
                _LOG.info("pod %s cannot be deleted yet: %s", metadata["name"], error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_RETRY_SECONDS)

    def _take_over(self) -> None:
        status = self.pod.get("status") or {}
        for keepers, key in (
            (self.first, "initContainerStatuses"),
            (self.containers, "containerStatuses"),
        ):
            told = {s["name"]: s for s in status.get(key) or ()}
            for keeper in keepers:
                keeper.take_over(told.get(keeper.view.name, {}))

    def _keeper(self, container: Object, policy: str) -> Keeper:
        return Keeper(
            self._host,
            self.facts,
            container,
            policy=policy,
            grace=self.pod["spec"].get("terminationGracePeriodSeconds", _DEFAULT_GRACE),
            tell=self._tell,
            changed=self._publisher.look,
        )

    def _all(self) -> list[Keeper]:
        return [*self.first, *self.containers]

    def _tell(self, container: str, reason: str, message: str) -> None:
        about = events.reference(self.pod, container)
        self._host.events.tell(about, self.facts.node, reason, message, time.time())


def _init_policy(policy: str) -> str:
    """An init container is never started again once it ended well."""
    return "Never" if policy == "Never" else "OnFailure"


def _grace(pod: Object) -> float:
    """Seconds that the containers get to end."""
    asked = pod["metadata"].get("deletionGracePeriodSeconds")
    return float(_DEFAULT_GRACE if asked is None else asked)
