"""The environment's fault injector: HTTP over a unix socket, behind the port `Faults`."""

import json
from collections.abc import Mapping
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
LARGEST = 4 * 1024 * 1024
_FAILED = 400


class FaultInjector:
    """Asks one socket; each question is a connection of its own, so that nothing is left open."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def inject(
        self,
        fault_id: str,
        kind: str,
        target: str,
        ttl: float,
        parameters: Mapping[str, Any] | None = None,
    ) -> ActiveFault:
        """Start a fault; the same id again is the same fault."""
        body = {**(parameters or {}), "kind": kind, "target": target, "ttl": ttl}
        return _fault(await self._ask("PUT", _route(fault_id), body, CALL_SECONDS))

    async def renew(self, fault_id: str, ttl: float) -> None:
        """Keep a fault for `ttl` seconds more."""
        await self._ask("POST", f"{_route(fault_id)}/renew", {"ttl": ttl}, CALL_SECONDS)

    async def heal(self, fault_id: str) -> None:
        """End a fault and wait until what it stopped was started again."""
        await self._ask("DELETE", _route(fault_id), None, HEAL_SECONDS)

    async def active(self) -> list[ActiveFault]:
        """The faults now in force."""
        found = (await self._ask("GET", "/faults", None, CALL_SECONDS)).get("faults")
        if not isinstance(found, list):
            raise _stranger()
        return [_fault(entry) for entry in found]

    async def _ask(self, method: str, route: str, body: Any, deadline: float) -> dict[str, Any]:
        import aiohttp

        limit = aiohttp.ClientTimeout(total=deadline, sock_connect=CONNECT_SECONDS)
        connector = aiohttp.UnixConnector(str(self._socket))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=limit) as session,
                session.request(method, f"http://faults{route}", json=body) as answer,
            ):
                raw = await _whole(answer.content)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(
                f"the fault injector does not answer ({type(error).__name__})",
                hint="infctl lab status",
            ) from error
        found = _parse(raw)
        if status >= _FAILED:
            told = found.get("error") or status
            raise InfctlError(f"the fault injector refuses: {clean(str(told), limit=300)}")
        if not found:
            raise _stranger()
        return found


def _route(fault_id: str) -> str:
    return f"/faults/{quote(fault_id, safe='')}"


async def _whole(content: Any) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise _stranger()
    return bytes(body)


def _parse(raw: bytes) -> dict[str, Any]:
    """The JSON object, empty where it is none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _stranger() -> Unreachable:
    return Unreachable("what answers as the fault injector does not speak its API")


def _fault(entry: dict[str, Any]) -> ActiveFault:
    try:
        return ActiveFault(
            id=str(entry["id"]),
            kind=str(entry["kind"]),
            target=str(entry["target"]),
            at=float(entry["at"]),
            expires=float(entry["expires"]),
            parameters=dict(entry.get("parameters") or {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _stranger() from error
