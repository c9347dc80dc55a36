"""Requests that take an API server's seats and cost it nothing else.

A list "not older than" a version that does not exist yet waits three seconds for it.
"""

import asyncio
import random

from infctl.lab.cluster import Cluster, ClusterError

_PATH = "/api/v1/namespaces/kube-system/configmaps"
_NEVER = str(2**62)
_CALLERS = 3
_PAUSE = 0.03
_TOO_MANY = 429


class Flood:
    """Goes on from its making to `end`; `refused` is set once a request was answered with 429."""

    def __init__(self, cluster: Cluster) -> None:
        self.refused = asyncio.Event()
        self._task = asyncio.create_task(self._run(cluster))

    @property
    def is_on(self) -> bool:
        """Whether it still asks."""
        return not self._task.done()

    async def end(self) -> None:
        """Stop asking."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self, cluster: Cluster) -> None:
        async with cluster, asyncio.TaskGroup() as tasks:
            for _ in range(_CALLERS):
                tasks.create_task(self._ask(cluster))

    async def _ask(self, cluster: Cluster) -> None:
        while True:
            try:
                await cluster.get(
                    _PATH, resourceVersion=_NEVER, resourceVersionMatch="NotOlderThan"
                )
            except ClusterError as error:
                if error.status == _TOO_MANY:
                    self.refused.set()
            await asyncio.sleep(_PAUSE * (0.5 + random.random()))  # noqa: S311
