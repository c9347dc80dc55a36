"""An API server that forgets: it is started again, so that what watches remember is too old.

Its cache of changes begins anew, and who asks for those since an older version gets 410.
"""

import asyncio
import signal
import time

from infctl.lab import credentials
from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.errors import LabError
from infctl.lab.spec import Region
from infctl.lab.supervisor.child import Child, State
from infctl.lab.supervisor.fault import Fault, UnknownTarget
from infctl.lab.supervisor.household import Household

_MARK = "/api/v1/namespaces/kube-system/configmaps/infctl-forgotten"
_GONE_SECONDS = 2.0


class Forgetting:
    """Starts API servers again. It is over at once: its lease holds nothing."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._starts: dict[str, asyncio.Task[None]] = {}

    def check(self, target: str) -> None:
        """A region's API server is meant by its region."""
        self._find(target)

    async def strike(self, fault: Fault) -> float:
        """The moment is that of the end of the old process; the new one is ready soon after."""
        region, child = self._find(fault.target)
        if child.state is not State.READY:
            raise LabError(f"{child.part.name} is {child.state.value}, so it has nothing to forget")
        await self._change(region, fault)
        child.become(State.KILLED, f"started again by fault {fault.id}")
        child.signal(signal.SIGKILL)
        await child.exited(_GONE_SECONDS)
        moment = time.time()
        self._starts[fault.id] = asyncio.create_task(self._household.start([child.part.name]))
        return moment

    async def release(self, fault: Fault) -> list[str]:
        """Wait until it is ready again."""
        start = self._starts.pop(fault.id, None)
        if start is None:
            return []
        await start
        _, child = self._find(fault.target)
        is_well = child.state is not State.FAILED
        return [] if is_well else [f"{child.part.name}: {child.state.value}, {child.reason}"]

    async def _change(self, region: Region, fault: Fault) -> None:
        """One change more than anybody has seen: without it, what they remember is the newest."""
        lab = self._household.lab
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": _MARK.rpartition("/")[2]},
            "data": {"at": str(fault.at)},
        }
        try:
            async with Cluster(
                lab.api_url(region), credentials.token(lab, "lab"), lab.ca
            ) as cluster:
                await cluster.apply(_MARK, body, manager="infctl-lab")
        except ClusterError as error:
            raise LabError(f"the API server of {region.name}: {error}") from error

    def _find(self, target: str) -> tuple[Region, Child]:
        for region in self._household.lab.regions:
            child = self._household.children.get(f"api-{region.name}")
            if target == f"region/{region.name}" and child is not None:
                return region, child
        raise UnknownTarget(f"there is no {target} that could forget", "region/NAME")
