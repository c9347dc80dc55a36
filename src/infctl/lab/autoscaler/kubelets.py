"""Asks each node's kubelet what its pods use, as metrics-server does."""

import asyncio
import logging
import ssl
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from infctl.lab.autoscaler.bodies import read_body
from infctl.lab.autoscaler.usage import Key, Look, Usage, compare, parse
from infctl.lab.cluster import Cluster, ClusterError

EVERY_SECONDS = 5.0
_FORGOTTEN_SECONDS = 3 * EVERY_SECONDS
_LIMIT = aiohttp.ClientTimeout(total=3)
_LARGEST = 8 * 2**20
_LOG = logging.getLogger(__name__)


class Kubelets:
    """The nodes of a region and what was used on them lately."""

    def __init__(self, cluster: Cluster, context: ssl.SSLContext) -> None:
        self._cluster = cluster
        self._context = context
        self._looks: dict[str, Look] = {}
        self._usages: dict[str, dict[Key, Usage]] = {}
        self._silent: dict[str, str] = {}

    def node(self, name: str) -> dict[Key, Usage]:
        """What is used on a node; empty where it has not said so lately."""
        oldest = time.time() - _FORGOTTEN_SECONDS
        return {k: u for k, u in self._usages.get(name, {}).items() if u.at > oldest}

    async def run(self) -> None:
        """Ask all nodes, again and again, for ever."""
        connector = aiohttp.TCPConnector(ssl=self._context, limit=16)
        async with aiohttp.ClientSession(connector=connector, timeout=_LIMIT) as session:
            while True:
                await self._ask_all(session)
                await asyncio.sleep(EVERY_SECONDS)

    async def _ask_all(self, session: aiohttp.ClientSession) -> None:
        try:
            nodes = (await self._cluster.get("/api/v1/nodes", resourceVersion="0")).get("items")
        except ClusterError as error:
            _LOG.info("nodes: %s", error)
            return
        found = {n["metadata"]["name"]: address_of(n) for n in nodes or [] if address_of(n)}
        for gone in set(self._looks) - set(found):
            self._looks.pop(gone)
            self._usages.pop(gone, None)
        await asyncio.gather(*(self._ask(session, name, a) for name, a in found.items()))

    async def _ask(self, session: aiohttp.ClientSession, name: str, address: str) -> None:
        url = f"https://{address}/metrics/resource"
        try:
            async with session.get(url, allow_redirects=False) as answer:
                answer.raise_for_status()
                text = (await read_body(answer, _LARGEST)).decode("utf-8", "replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._note(name, f"{type(error).__name__}: {error}")
            return
        self._note(name, "")
        look = parse(text, time.time())
        self._usages[name] = compare(self._looks.get(name, Look()), look)
        self._looks[name] = look

    def _note(self, name: str, fault: str) -> None:
        if fault and not self._silent.get(name):
            _LOG.warning("node %s says nothing: %s", name, fault)
        self._silent[name] = fault


def address_of(node: Mapping[str, Any]) -> str:
    """Where a node's kubelet listens; empty as long as it has not said so."""
    status = node.get("status") or {}
    hosts = [a["address"] for a in status.get("addresses") or () if a["type"] == "InternalIP"]
    port = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint", {}).get("Port")
    return f"{hosts[0]}:{port}" if hosts and port else ""
