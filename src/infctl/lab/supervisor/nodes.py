"""Faults of single nodes: the region's agent lets go of them, then their pods are struck.

A node is its kubelet, which lives in the agent's process beside those of others, and its pods.
"""

import asyncio
import signal
import time
from collections.abc import Iterable
from typing import Protocol

from infctl.lab import processes
from infctl.lab.processes import Process
from infctl.lab.spec import Region
from infctl.lab.supervisor import residents
from infctl.lab.supervisor.child import State
from infctl.lab.supervisor.household import Household

_SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}
_SEEN_SECONDS = 2.0
_GONE_SECONDS = 2.0
_POLL_SECONDS = 0.02


class Held(Protocol):
    """What has to be known of a fault; a node's target is `node/REGION/NODE`."""

    @property
    def kind(self) -> str:
        """How it strikes; of several on a node, kill wins."""
        ...

    @property
    def target(self) -> str:
        """What it strikes."""
        ...


class Nodes:
    """The nodes of a lab, as faults have them."""

    def __init__(self, household: Household) -> None:
        self._household = household
        self._lost: dict[str, dict[str, str]] = {}
        self._one_by_one = asyncio.Lock()

    def targets(self) -> list[str]:
        """Every node as a target."""
        return [
            f"node/{region.name}/{node}"
            for region in self._household.lab.regions
            for node in residents.nodes(self._household.lab, region.name)
        ]

    async def hold(self, active: Iterable[Held]) -> None:
        """Lose the nodes that faults hold, and no others; those held already are struck again."""
        async with self._one_by_one:
            wanted = _by_region(active)
            for region in self._household.lab.regions:
                lost = wanted.get(region.name, {})
                if lost or self._lost.get(region.name):
                    await self._hold(region, lost)

    async def _hold(self, region: Region, lost: dict[str, str]) -> None:
        lab, before = self._household.lab, self._lost.get(region.name, {})
        self._lost[region.name] = lost
        for node in before.keys() - lost.keys():
            # Thawed before the agent asks how they are.
            self._signal(region, node, signal.SIGCONT)
        residents.lose(lab, region.name, lost)
        await self._wait_seen(region, lost)
        for node, kind in lost.items():
            self._signal(region, node, _SIGNALS[kind])
        await self._wait_gone(region, [node for node, kind in lost.items() if kind == "kill"])

    async def _wait_gone(self, region: Region, killed: list[str]) -> None:
        """A signal that was sent has not struck yet, where a machine is busy."""
        end = time.monotonic() + _GONE_SECONDS
        while any(self._living(region, node) for node in killed):
            if time.monotonic() > end:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _wait_seen(self, region: Region, lost: dict[str, str]) -> None:
        """Wait until the agent has let go; one that does not run finds out when it starts."""
        agent = self._household.children.get(f"agent-{region.name}")
        end = time.monotonic() + _SEEN_SECONDS
        while agent and agent.is_alive and agent.state is not State.FROZEN:
            if residents.lost(self._household.lab, region.name) == lost or time.monotonic() > end:
                return
            await asyncio.sleep(_POLL_SECONDS)

    def _signal(self, region: Region, node: str, number: int) -> None:
        for process in self._living(region, node):
            processes.send_group(process, number)

    def _living(self, region: Region, node: str) -> list[Process]:
        return residents.residents(self._household.lab, region.name, node)


def _by_region(active: Iterable[Held]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for fault in active:
        what, _, name = fault.target.partition("/")
        region, _, node = name.partition("/")
        if what == "node":
            nodes = found.setdefault(region, {})
            nodes[node] = "kill" if "kill" in (fault.kind, nodes.get(node)) else fault.kind
    return found
