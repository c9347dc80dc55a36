"""One region's node agent at run time."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import aiohttp

from infctl.lab import credentials, processes
from infctl.lab.agent import losses
from infctl.lab.agent.absence import Absence
from infctl.lab.agent.allocation import Allocation
from infctl.lab.agent.events import Events
from infctl.lab.agent.heart import Heart, follow_nodes
from infctl.lab.agent.host import FindImage, Host
from infctl.lab.agent.nodes import NodePlace, pods_per_node
from infctl.lab.agent.places import (
    certificate,
    cloud_endpoint,
    marker,
    node_addresses,
    pods_folder,
)
from infctl.lab.agent.records import Records
from infctl.lab.agent.server import Server
from infctl.lab.agent.table import Table
from infctl.lab.client_certificates import make_context
from infctl.lab.cluster import Cluster
from infctl.lab.processes import Register
from infctl.lab.spec import Lab, Region


async def serve(lab: Lab, region: Region, find_image: FindImage) -> None:
    """Play the kubelet of a region's nodes until cancelled; the pods go on then."""
    token = credentials.token(lab, "agent")
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    headers = {"User-Agent": "kube-probe/1.37"}
    async with (
        Cluster(lab.api_url(region), token, lab.ca) as cluster,
        aiohttp.ClientSession(connector=connector, headers=headers) as session,
    ):
        host = _make_host(lab, region, cluster, session, find_image)
        table = Table(host)
        server = Server(table, host.nodes)
        await server.open(make_context(*certificate(lab, region), lab.ca))
        try:
            await _run_all(lab, region, host, table, server)
        finally:
            await server.close()


async def _run_all(lab: Lab, region: Region, host: Host, table: Table, server: Server) -> None:
    beats = Beats(marker(lab, region), len(host.nodes), table.has_listed.is_set)
    pods = pods_per_node(len(host.nodes))
    places = [
        NodePlace(name, address, region.name, number, pods)
        for number, (name, address) in enumerate(host.nodes.items(), 1)
    ]
    hearts = {place.name: Heart(host.cluster, place, beats.add) for place in places}
    absence = Absence(hearts, table, server, losses.held_path(lab, region))
    lost = losses.wanted_path(lab, region)
    await absence.take(losses.read(lost))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(losses.follow(lost, absence.take))
        tasks.create_task(host.events.run())
        tasks.create_task(table.run())
        tasks.create_task(follow_nodes(host.cluster, hearts))
        for heart in hearts.values():
            tasks.create_task(heart.run())
        await table.has_listed.wait()
        beats.touch()


def _make_host(
    lab: Lab,
    region: Region,
    cluster: Cluster,
    session: aiohttp.ClientSession,
    find_image: FindImage,
) -> Host:
    return Host(
        cluster=cluster,
        events=Events(cluster),
        session=session,
        records=Records(pods_folder(lab, region)),
        allocation=Allocation(
            f"127.{lab.number}.{region.number}", lab.folder(region) / "last-pod-address"
        ),
        find_image=find_image,
        nodes=node_addresses(lab, region),
        region=region.name,
        cloud=cloud_endpoint(lab, region),
    )


class Beats:
    """Keeps the file that tells the supervisor that every node is registered and renewed."""

    def __init__(self, path: Path, nodes: int, may_tell: Callable[[], bool]) -> None:
        self._path = path
        self._wanted = nodes
        self._may_tell = may_tell
        self._beaten: set[str] = set()
        self._is_told = False
        path.unlink(missing_ok=True)

    def add(self, node: str) -> None:
        """A node's Lease has been renewed."""
        self._beaten.add(node)
        self.touch()

    def touch(self) -> None:
        """Tell, once every node has been renewed since it was told last."""
        if len(self._beaten) < self._wanted or not self._may_tell():
            return
        self._beaten.clear()
        if self._is_told:
            self._path.touch()
            return
        myself = processes.find(os.getpid())
        if myself:
            Register(self._path).add("agent", myself)
            self._is_told = True
