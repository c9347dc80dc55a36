"""Every write of a run carries its fence, and each cluster is told of it before the first one."""

import asyncio
from collections.abc import Callable, Mapping

from infctl.engine.fencing.cluster import FencedCluster
from infctl.ports.clock import Clock
from infctl.ports.cluster import Cluster

__all__ = ["FencedCluster", "fenced", "problems", "shut_out"]


def fenced(
    clusters: Mapping[str, Cluster], fence: int, run: str, clock: Clock, tell: Callable[[str], None]
) -> dict[str, Cluster]:
    """The clusters as the holder of `fence` writes to them.

    `tell` hears once a cluster where an older holder could not be shut out.
    """
    return {
        name: FencedCluster(cluster, fence, run, clock, tell) for name, cluster in clusters.items()
    }


async def shut_out(clusters: Mapping[str, Cluster]) -> None:
    """Raise the fence everywhere now: of a run that is carried on, an older holder may still write.

    Where its own first write waited, what it finds as it was could change afterwards.
    """
    held = [c for c in clusters.values() if isinstance(c, FencedCluster)]
    await asyncio.gather(*(cluster.settle() for cluster in held))


def problems(clusters: Mapping[str, Cluster]) -> list[str]:
    """Where older holders may still write, a sentence each; of what was written to at all."""
    found = [c.problem for c in clusters.values() if isinstance(c, FencedCluster)]
    return [problem for problem in found if problem]
