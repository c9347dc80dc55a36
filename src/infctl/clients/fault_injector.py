"""The environment's fault injector: HTTP over a unix socket, behind the port `Faults`."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from infctl.errors import InfctlError, Unreachable
from infctl.model.text import clean
from infctl.ports.faults import ActiveFault

CONNECT_SECONDS = 2.0
CALL_SECONDS = 10.0
HEAL_SECONDS = 120.0
"""Healing answers when what was stopped is ready again."""
_FAILED = 400


class FaultInjector:
    """Asks one socket; each question is a connection of its own, so that nothing is left open."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def inject(self, fault_id: str, kind: str, target: str, ttl: float) -> ActiveFault:
        """Start a fault; the same id again is the same fault."""
        body = {"kind": kind, "target": target, "ttl": ttl}
        return _fault(await self._ask("PUT", f"/faults/{quote(fault_id, safe='')}", body))

    async def renew(self, fault_id: str, ttl: float) -> None:
        """Keep a fault for `ttl` seconds more."""
        await self._ask("POST", f"/faults/{quote(fault_id, safe='')}/renew", {"ttl": ttl})

    async def heal(self, fault_id: str) -> None:
        """End a fault and wait until what it stopped was started again."""
        route = f"/faults/{quote(fault_id, safe='')}"
        await self._ask("DELETE", route, None, HEAL_SECONDS)

    async def active(self) -> list[ActiveFault]:
        """The faults now in force."""
        return [_fault(entry) for entry in (await self._ask("GET", "/faults"))["faults"]]

    async def _ask(
        self, method: str, route: str, body: Any = None, deadline: float = CALL_SECONDS
    ) -> dict[str, Any]:
        import aiohttp

        limit = aiohttp.ClientTimeout(total=deadline, sock_connect=CONNECT_SECONDS)
        connector = aiohttp.UnixConnector(str(self._socket))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=limit) as session,
                session.request(method, f"http://faults{route}", json=body) as answer,
            ):
                found = await answer.json(content_type=None)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(
                f"the fault injector does not answer ({type(error).__name__})",
                hint="infctl lab status",
            ) from error
        if status >= _FAILED:
            told = found.get("error", status) if isinstance(found, dict) else status
            raise InfctlError(f"the fault injector refuses: {clean(str(told), limit=300)}")
        return found if isinstance(found, dict) else {}


def _fault(entry: dict[str, Any]) -> ActiveFault:
    try:
        return ActiveFault(
            id=str(entry["id"]),
            kind=str(entry["kind"]),
            target=str(entry["target"]),
            at=float(entry["at"]),
            expires=float(entry["expires"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreachable("what answers as the fault injector does not speak its API") from error
