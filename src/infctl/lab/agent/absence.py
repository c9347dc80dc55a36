"""What is done when nodes are taken by faults, and when they come back."""

import logging
import signal
from collections.abc import Mapping
from pathlib import Path

from infctl.lab import processes
from infctl.lab.agent import losses
from infctl.lab.agent.heart import Heart
from infctl.lab.agent.losses import Losses
from infctl.lab.agent.server import Server
from infctl.lab.agent.table import Table

_SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}
_LOG = logging.getLogger(__name__)


class Absence:
    """The nodes of a region that are away; told in the file `held` once nothing of them acts."""

    def __init__(
        self, hearts: Mapping[str, Heart], table: Table, server: Server, held: Path
    ) -> None:
        self._hearts = hearts
        self._table = table
        self._server = server
        self._path = held
        self._held: dict[str, str] = {}

    async def take(self, wanted: Losses) -> None:
        """Let go of the nodes that are lost now, and take back those that are not any more."""
        lost = {node: kind for node, kind in wanted.items() if node in self._hearts}
        for node, kind in lost.items():
            if self._held.get(node) != kind:
                await self._lose(node, kind)
        for node in self._held.keys() - lost.keys():
            await self._return(node)
        self._held = lost
        losses.write(self._path, wanted)

    async def _lose(self, node: str, kind: str) -> None:
        _LOG.info("node %s is lost (%s)", node, kind)
        self._hearts[node].hold()
        self._server.hold(node, kind)
        await self._table.hold(node)
        for process in self._table.living_on(node):
            processes.send_group(process, _SIGNALS[kind])

    async def _return(self, node: str) -> None:
        _LOG.info("node %s is back", node)
        await self._table.release(node)
        self._server.release(node)
        self._hearts[node].release()
