"""Which places keep an environment's lock: every region's cluster, and with two the witness."""

from infctl.engine.locks.cluster_site import ClusterSite
from infctl.errors import Unreachable
from infctl.ports.lock import Holding, LockSite, Seen
from infctl.ports.world import World

_WITH_WITNESS = 2


class AbsentSite:
    """A region that this machine cannot reach at all: it counts as a place that is silent.

    Were it left out, a machine that knows fewer regions would have a smaller majority.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    async def read(self) -> Seen:
        """Never answers."""
        raise Unreachable(f"the access file of this machine does not name {self.name}")

    async def write(self, holding: Holding, *, version: str) -> Seen:
        """Never answers."""
        del holding, version
        return await self.read()


def lock_sites(world: World) -> tuple[LockSite, ...]:
    """The places, always in the same order."""
    names = sorted({*world.clusters, *world.absent})
    sites: list[LockSite] = [
        ClusterSite(world.clusters[n], world.environment, world.clock)
        if n in world.clusters
        else AbsentSite(n)
        for n in names
    ]
    if len(sites) == _WITH_WITNESS and world.witness is not None:
        sites.append(world.witness)
    return tuple(sites)
