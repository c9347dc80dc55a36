"""A container's startup, readiness and liveness probes at run time."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import aiohttp

from infctl.lab import addresses
from infctl.lab.agent.facts import Object
from infctl.lab.agent.probe_state import ProbeState, read_timing
from infctl.lab.agent.view import View

Report = Callable[[str, str], None]
"""Takes the reason and the message of an event."""
_WELL = range(200, 400)
_LONGEST_MESSAGE = 300


class Executor(Protocol):
    """Runs a command beside a container."""

    async def __call__(self, argv: list[str], timeout: float) -> tuple[int, str]:
        """The exit code and what was said."""
        ...


class Turn:
    """A probe whose questions come at its own times."""

    def __init__(self, kind: str, probe: Object, *, is_good: bool) -> None:
        timing = read_timing(probe)
        self.kind = kind
        self.probe = probe
        self.state = ProbeState(timing, is_good=is_good)
        self._period = timing.period
        self._next = asyncio.get_running_loop().time() + timing.initial_delay

    async def wait(self) -> None:
        """Sleep until the next question is due."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._next - loop.time())
        self._next = loop.time() + self._period


class Probes:
    """The probes of one start of a container."""

    def __init__(
        self,
        container: Object,
        address: str,
        session: aiohttp.ClientSession,
        *,
        execute: Executor,
        report: Report,
    ) -> None:
        self._container = container
        self._address = address
        self._session = session
        self._execute = execute
        self._report = report

    async def run(self, view: View, changed: Callable[[], None]) -> str:
        """Keep `view` true; returns which probe says that the container must be ended, and why.

        Without probes the container counts as ready as soon as it runs, as in Kubernetes.
        """
        if not view.is_started and not await self._wait_started():
            return "failed startup probe"
        view.is_started = True
        view.is_ready = view.is_ready or "readinessProbe" not in self._container
        changed()
        readiness = asyncio.create_task(self._follow_readiness(view, changed))
        try:
            return await self._follow_liveness()
        finally:
            readiness.cancel()

    async def _wait_started(self) -> bool:
        probe = self._container.get("startupProbe")
        if not probe:
            return True
        turn = Turn("Startup", probe, is_good=False)
        while not turn.state.is_good and not turn.state.has_failed:
            await self._take(turn)
        return turn.state.is_good

    async def _follow_readiness(self, view: View, changed: Callable[[], None]) -> None:
        probe = self._container.get("readinessProbe")
        if not probe:
            return
        turn = Turn("Readiness", probe, is_good=view.is_ready)
        while True:
            await self._take(turn)
            if view.is_ready != turn.state.is_good:
                view.is_ready = turn.state.is_good
                changed()

    async def _follow_liveness(self) -> str:
        probe = self._container.get("livenessProbe")
        if not probe:
            await asyncio.Event().wait()
        turn = Turn("Liveness", probe or {}, is_good=True)
        while turn.state.is_good:
            await self._take(turn)
        return "failed liveness probe"

    async def _take(self, turn: "Turn") -> None:
        """Ask when the next question is due, and count the answer."""
        await turn.wait()
        said = await self.ask(turn.probe)
        turn.state.add(not said)
        if said:
            self._report("Unhealthy", f"{turn.kind} probe failed: {said}")

    async def ask(self, probe: Object) -> str:
        """Probe once: "" if it went well, else why not."""
        limit = read_timing(probe).timeout
        try:
            async with asyncio.timeout(limit):
                if "httpGet" in probe:
                    return await self._get(probe["httpGet"])
                if "tcpSocket" in probe:
                    return await self._connect(probe["tcpSocket"])
                if "grpc" in probe:
                    return await self._check(probe["grpc"])
                if "exec" in probe:
                    code, said = await self._execute(probe["exec"]["command"], limit)
                    return "" if code == 0 else f"command ended with {code}: {said}"
        except TimeoutError:
            return f"no answer within {limit:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"[:_LONGEST_MESSAGE]
        return "the lab's nodes know httpGet, tcpSocket, grpc and exec, not this probe"

    async def _get(self, action: Object) -> str:
        host, port = self._target(action)
        url = f"{action.get('scheme', 'HTTP').lower()}://{host}:{port}"
        path = "/" + action.get("path", "/").lstrip("/")
        headers = {h["name"]: h["value"] for h in action.get("httpHeaders") or ()}
        # As the kubelet does it: certificates of probes are not verified.
        async with self._session.get(
            url + path, headers=headers, allow_redirects=False, ssl=False
        ) as answer:
            if answer.status in _WELL:
                return ""
            return f"HTTP probe failed with statuscode: {answer.status}"

    async def _check(self, action: Object) -> str:
        # Few pods are probed so, and what speaks HTTP/2 takes a tenth of a second to load.
        from infctl.lab.agent.grpc_health import check_health

        host, port = self._target(action)
        return await check_health(host, port, action.get("service") or "")

    async def _connect(self, action: Object) -> str:
        host, port = self._target(action)
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return ""

    def _target(self, action: Object) -> tuple[str, int]:
        host = addresses.listens_on(action.get("host") or self._address)
        if host != self._address:
            raise ValueError(f"the lab probes the pod's own address, not {host}")
        return host, port_number(self._container, action["port"])


def port_number(container: Object, port: str | int) -> int:
    """A port by number or by its name among the container's; ValueError if there is none."""
    if isinstance(port, int) or port.isdigit():
        return int(port)
    for known in container.get("ports") or ():
        if known.get("name") == port:
            return int(known["containerPort"])
    raise ValueError(f"the container has no port named {port}")
