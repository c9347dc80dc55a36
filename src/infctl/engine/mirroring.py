"""Keeps a copy of a run's journal in every cluster that answers, while its executor lives."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping

from infctl.engine.journal import Journal
from infctl.engine.mirror import (
    ORDER,
    chunk_manifest,
    chunk_name,
    chunks,
)
from infctl.engine.order import Order, order_content
from infctl.errors import Conflict, InfctlError
from infctl.model.fence import SYSTEM as NAMESPACE
from infctl.ports.clock import Clock
from infctl.ports.cluster import CONFIG_MAP, Cluster

PATIENCE = 1.5
"""Seconds that an act waits for the first copy of its intent; no region delays it longer."""
_PUSH_DEADLINE = 2.0
_POLL = 0.5
_log = logging.getLogger(__name__)


class Mirror:
    """Copies of one run. `tell` hears once when nobody but this machine has the intent."""

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        order: Order,
        journal: Journal,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self._copies = [_Copy(c, order, journal) for c in clusters.values()]
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._told = False

    async def run(self) -> None:
        """Copy until cancelled."""
        await asyncio.gather(*(copy.follow() for copy in self._copies))

    async def settle(self, patience: float = PATIENCE) -> bool:
        """Wait until one cluster holds all records so far; whether one does."""
        seq = len(self._journal.records())
        for copy in self._copies:
            copy.wake.set()
        waiting = [asyncio.create_task(copy.reach(seq)) for copy in self._copies]
        if not waiting:
            return False
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        # A run that is over writes nothing more, and nobody has to undo it.
        if not done and not self._told and not self._journal.view().over:
            self._told = True
            self._tell("no cluster keeps a copy of this run: only this machine can undo it")
        return bool(done)


class _Copy:
    """The copy in one cluster."""

    def __init__(self, cluster: Cluster, order: Order, journal: Journal) -> None:
        self._cluster = cluster
        self._order = order
        self._journal = journal
        self._made: set[int] = set()
        self._confirmed = 0
        self._advanced = asyncio.Condition()
        self.wake = asyncio.Event()

    async def reach(self, seq: int) -> None:
        """Wait until the copy holds record `seq`."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: self._confirmed >= seq)

    async def follow(self) -> None:
        """Push what is new, whenever there is something; a silent cluster is asked again."""
        while True:
            try:
                async with asyncio.timeout(_PUSH_DEADLINE):
                    await self._push()
            except (InfctlError, TimeoutError) as error:
                _log.info("no copy in %s: %s", self._cluster.region, error or "no answer in time")
                await asyncio.sleep(_POLL)
            self.wake.clear()
            if self._confirmed >= len(self._journal.records()):
                try:
                    async with asyncio.timeout(_POLL):
                        await self.wake.wait()
                except TimeoutError:
                    continue

    async def _push(self) -> None:
        records = self._journal.records()[self._confirmed :]
        if not records:
            return
        fitting = chunks(records)
        if not fitting:
            raise InfctlError(f"record {records[0].seq} is too large for a copy")
        for number, data in fitting.items():
            await self._write(number, data)
            async with self._advanced:
                self._confirmed += len(data)
                self._advanced.notify_all()

    async def _write(self, number: int, data: Mapping[str, str]) -> None:
        run = self._order.run
        if number == 0:
            data = {ORDER: json.dumps(order_content(self._order), sort_keys=True), **data}
        if number not in self._made:
            manifest = chunk_manifest(run, self._order.environment, number, data)
            try:
                await self._cluster.create(manifest)
            except Conflict:
                await self._merge(number, data)
            self._made.add(number)
            return
        await self._merge(number, data)

    async def _merge(self, number: int, data: Mapping[str, str]) -> None:
        name = chunk_name(self._order.run, number)
        await self._cluster.merge(CONFIG_MAP, name, NAMESPACE, {"data": dict(data)})
