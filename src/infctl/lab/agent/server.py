"""The kubelet's API on each node's address, for the region's API server and its meter."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from aiohttp import web

from infctl.lab import addresses
from infctl.lab.agent.exec import answer_exec
from infctl.lab.agent.facts import Object
from infctl.lab.agent.keeper import Keeper
from infctl.lab.agent.logs import Wanted, read_log, read_wanted
from infctl.lab.agent.meter import CONTENT_TYPE, Meter, Start
from infctl.lab.agent.places import METER_CLIENT
from infctl.lab.agent.usage import read_table
from infctl.lab.agent.view import Running, Waiting
from infctl.lab.client_certificates import common_name

CLIENT = "infctl:apiserver-kubelet"
"""The common name of the API server's client certificate (controlplane.preparation)."""
_METRICS = "/metrics/resource"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CLOSE_SECONDS = 0.5


class Pods(Protocol):
    """Where the server finds pods."""

    def find(self, node: str, namespace: str, name: str, container: str) -> Keeper | None:
        """The keeper of a container on a node; None if there is none."""
        ...

    def objects(self, node: str) -> Iterable[Object]:
        """The node's pods that are known."""
        ...

    def starts(self, node: str) -> Iterable[Start]:
        """The node's containers that run."""
        ...


class Server:
    """Serves logs, exec, the list of pods and what they use; `nodes` are addresses by name.

    Whoever is not the API server is refused, but for one who may only read what is used.
    """

    def __init__(self, pods: Pods, nodes: Mapping[str, str]) -> None:
        self._pods = pods
        self._nodes = {address: name for name, address in nodes.items()}
        self._meters = {name: Meter() for name in nodes}
        self._held: dict[str, asyncio.Event] = {}
        self._killed: set[str] = set()
        self._open: dict[str, set[asyncio.Transport]] = {name: set() for name in nodes}
        application = web.Application(middlewares=[self._vanish, refuse_others])
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/pods", self._list)
        application.router.add_get(_METRICS, self._measure)
        application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._logs)
        application.router.add_get("/exec/{namespace}/{pod}/{container}", self._exec)
        # Connections are logged by nobody: the API server's audit log knows who asked.
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_CLOSE_SECONDS)

    async def open(self, context: ssl.SSLContext) -> None:
        """Listen on the nodes' addresses."""
        await self._runner.setup()
        for host in self._nodes:
            await web.TCPSite(self._runner, host, addresses.AGENT_PORT, ssl_context=context).start()

    def hold(self, node: str, kind: str) -> None:
        """Let a node's questions hang, or end their connections where it is killed."""
        self._killed.discard(node)
        self._held.setdefault(node, asyncio.Event())
        if kind == "kill":
            self._killed.add(node)
            for transport in self._open[node]:
                transport.abort()

    def release(self, node: str) -> None:
        """Answer again."""
        self._killed.discard(node)
        if waiting := self._held.pop(node, None):
            waiting.set()

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    @web.middleware
    async def _vanish(self, request: web.Request, handler: Answer) -> web.StreamResponse:
        node, transport = self._node(request), request.transport
        if transport is None or node in self._killed:
            if transport:
                transport.abort()
            raise web.HTTPServiceUnavailable(text="the node is lost")
        self._open[node].add(transport)
        try:
            if node in self._held:
                await self._held[node].wait()
            return await handler(request)
        finally:
            self._open[node].discard(transport)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _list(self, request: web.Request) -> web.Response:
        items = list(self._pods.objects(self._node(request)))
        return web.json_response({"apiVersion": "v1", "kind": "PodList", "items": items})

    async def _measure(self, request: web.Request) -> web.Response:
        node = self._node(request)
        # In a thread, for it reads a file of each process of the machine.
        table = await asyncio.to_thread(read_table)
        text = self._meters[node].read(self._pods.starts(node), table)
        return web.Response(text=text, headers={"Content-Type": CONTENT_TYPE})

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        return await answer_exec(request, self._keeper(request))

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        keeper = self._keeper(request)
        try:
            wanted = read_wanted(request.query, datetime.now(UTC))
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        path = _log_path(keeper, request.match_info, wanted)
        number = keeper.folder.latest()
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)

        def ended() -> bool:
            is_same = keeper.folder.latest() == number
            return not (is_same and isinstance(keeper.view.state, Running))

        async for block in read_log(path, wanted, ended):
            await response.write(block)
        return response

    def _node(self, request: web.Request) -> str:
        """The node that was asked, by the address."""
        transport = request.transport
        own = transport.get_extra_info("sockname") if transport else None
        if not own or own[0] not in self._nodes:
            raise web.HTTPMisdirectedRequest(text="no node has this address")
        return self._nodes[own[0]]

    def _keeper(self, request: web.Request) -> Keeper:
        named, node = request.match_info, self._node(request)
        found = self._pods.find(node, named["namespace"], named["pod"], named["container"])
        if found is None:
            raise web.HTTPNotFound(
                text=f'container "{named["container"]}" of pod "{named["pod"]}" is not on this node'
            )
        return found


def _log_path(keeper: Keeper, named: Mapping[str, str], wanted: Wanted) -> Path:
    """The log of the last start or the one before; an error as the kubelet words it if missing."""
    number = keeper.folder.latest()
    what = f'container "{named["container"]}" in pod "{named["pod"]}"'
    if number is None or not keeper.folder.log(number).exists():
        state = keeper.view.state
        reason = state.reason if isinstance(state, Waiting) else "it has no log"
        raise web.HTTPBadRequest(text=f"{what} is waiting to start: {reason}")
    if not wanted.previous:
        return keeper.folder.log(number)
    before = keeper.folder.log(number - 1)
    if number == 0 or not before.exists():
        raise web.HTTPBadRequest(text=f"previous terminated {what} not found")
    return before


@web.middleware
async def refuse_others(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Let in only a client with a certificate for what it asks."""
    name = common_name(request)
    if name is None:
        raise web.HTTPUnauthorized(text="a client certificate of the lab is needed")
    if name != CLIENT and (name, request.path) != (METER_CLIENT, _METRICS):
        logging.getLogger(__name__).warning("refused %r", name)
        raise web.HTTPForbidden(text="only the region's API server may ask")
    return await handler(request)
