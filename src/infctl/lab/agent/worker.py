"""The life of one pod on its node: from its address to its deletion."""

import asyncio
import logging
import time
from collections.abc import Iterator

from infctl.lab.agent import events
from infctl.lab.agent.facts import Object, PodFacts
from infctl.lab.agent.grace import Grace
from infctl.lab.agent.host import Host
from infctl.lab.agent.keeper import Keeper
from infctl.lab.agent.meter import Start
from infctl.lab.agent.mounting import Volumes
from infctl.lab.agent.publishing import Publisher
from infctl.lab.agent.status import are_initialized, make_status
from infctl.lab.agent.view import Running
from infctl.lab.agent.volumes import CannotMount
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
        self._volumes = Volumes(host, facts, pod["spec"], lambda: self.pod)
        first, containers = pod["spec"].get("initContainers") or [], pod["spec"]["containers"]
        policy = pod["spec"].get("restartPolicy", "Always")
        self.first = [self._keeper(c, _init_policy(c, policy)) for c in first]
        self.sidecars = [k for k in self.first if k.container.get("restartPolicy") == "Always"]
        for sidecar in self.sidecars:
            sidecar.view.is_sidecar = True
        self.containers = [self._keeper(c, policy) for c in containers]
        self._take_over()

    @property
    def holds_address(self) -> bool:
        """Whether its address is in use: what has completed needs it no more."""
        return (self.pod.get("status") or {}).get("phase") not in _OVER

    def keeper(self, name: str) -> Keeper | None:
        """The keeper of the container of that name."""
        return next((k for k in self._all() if k.view.name == name), None)

    @property
    def is_abandoned(self) -> bool:
        """Whether its object is gone."""
        return self._gone.is_set()

    def starts(self) -> Iterator[Start]:
        """Its containers that run."""
        for keeper in self._all():
            state, shim = keeper.view.state, keeper.shim()
            if shim and isinstance(state, Running):
                name = keeper.view.name
                yield Start(self.facts.namespace, self.facts.name, name, state.started, shim)

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
        self._volumes.look()

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
            # A start that is being made is made to its end, and then nothing moves any more.
            await asyncio.wait({living, publishing})
            for keeper in self._all():
                keeper.forget()

    async def _live(self) -> None:
        try:
            await self._keep_all()
        except Exception:
            _LOG.exception("pod %s/%s is kept no more", self.facts.namespace, self.facts.name)
            self._tell("", "Failed", "the node agent failed on this pod; its log says more")

    async def _keep_all(self) -> None:
        if self._is_over:
            return
        self._publisher.look()
        await self._fill_volumes()
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self._volumes.keep())
            helping: list[asyncio.Task[None]] = []
            if await self._initialize(tasks, helping):
                async with asyncio.TaskGroup() as main:
                    for keeper in self.containers:
                        main.create_task(keeper.run())
            # Only a pod that has completed comes here.
            renewing.cancel()
            await _cancel(helping)
            await self._end_sidecars(Grace(_spec_grace(self.pod["spec"])), hook=True)

    async def _initialize(
        self, tasks: asyncio.TaskGroup, helping: list[asyncio.Task[None]]
    ) -> bool:
        """Run the init containers one after the other; False where one failed for good."""
        for keeper in self.first:
            if keeper in self.sidecars:
                helping.append(tasks.create_task(keeper.run()))
                await keeper.started.wait()
            else:
                await keeper.run()
                if not are_initialized([keeper.view]):
                    return False
        return True

    async def _fill_volumes(self) -> None:
        """Have the pod's volumes; what keeps them away is told, and tried again."""
        pause = _RETRY_SECONDS
        while True:
            try:
                await self._volumes.fill()
                break
            except CannotMount as error:
                self._tell("", "FailedMount", str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_RETRY_SECONDS)
        if self._volumes.absent:
            said = f"the pod runs without its service account's token: {self._volumes.absent}"
            self._tell("", "NotMounted", said)

    async def _end(self) -> None:
        seconds = 0 if self._gone.is_set() else _grace(self.pod)
        self._grace = Grace(seconds)
        for keeper in self._all():
            keeper.view.is_ready = False
        self._publisher.look()
        hook = not self._gone.is_set()
        others = [k for k in self._all() if k not in self.sidecars]
        await asyncio.gather(*(k.end(self._grace, hook=hook) for k in others))
        await self._end_sidecars(self._grace, hook=hook)

    async def _end_sidecars(self, grace: Grace, *, hook: bool) -> None:
        """The last one to start is the first to end, as each may need those before it."""
        for keeper in reversed(self.sidecars):
            await keeper.end(grace, hook=hook)

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
            grace=_spec_grace(self.pod["spec"]),
            tell=self._tell,
            changed=self._publisher.look,
            wrap=self._volumes.words,
        )

    def _all(self) -> list[Keeper]:
        return [*self.first, *self.containers]

    def _tell(self, container: str, reason: str, message: str) -> None:
        about = events.reference(self.pod, container)
        self._host.events.tell(about, self.facts.node, reason, message, time.time())


def _init_policy(container: Object, policy: str) -> str:
    """An init container is never started again once it ended well, unless it is a sidecar."""
    if container.get("restartPolicy") == "Always":
        return "Always"
    return "Never" if policy == "Never" else "OnFailure"


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _spec_grace(spec: Object) -> float:
    return float(spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE))


def _grace(pod: Object) -> float:
    """Seconds that the containers get to end."""
    asked = pod["metadata"].get("deletionGracePeriodSeconds")
    return float(_DEFAULT_GRACE if asked is None else asked)
