"""Toxiproxy's API, over the unix socket of one region's edge."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from infctl.lab.edge.toxics import Toxic
from infctl.lab.errors import LabError
from infctl.lab.spec import Lab, Region

_SECONDS = 3.0
_FAILED = 400


class Hangs(LabError):
    """It lives and does not answer: a client that reads nothing holds up changes of toxics."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a proxy does now: whether it listens, and its toxics by name."""

    is_open: bool = True
    toxics: dict[str, Toxic] = field(default_factory=dict)


def socket_of(lab: Lab, region: Region) -> Path:
    """Where the API of a region's edge listens; in the lab's folder, for such paths are short."""
    return lab.state / f"edge-{region.number}.sock"


class Edge:
    """One region's edge. Everything raises LabError where it refuses, or Hangs."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def standing(self) -> dict[str, Standing]:
        """Every proxy by name."""
        found = await self._ask("GET", "/proxies")
        return {name: _standing(entry) for name, entry in found.items()}

    async def settle(self, wanted: dict[str, Standing]) -> None:
        """Make every proxy as wanted, one that is not named as it was at its start."""
        for name, now in (await self.standing()).items():
            await self._settle(name, now, wanted.get(name, Standing()))

    async def _settle(self, name: str, now: Standing, wanted: Standing) -> None:
        if now.is_open and not wanted.is_open:
            await self._ask("PATCH", f"/proxies/{name}", {"enabled": False})
        for toxic in now.toxics.keys() - wanted.toxics.keys():
            await self._ask("DELETE", f"/proxies/{name}/toxics/{toxic}")
        for toxic in wanted.toxics.keys() - now.toxics.keys():
            body = wanted.toxics[toxic].describe(toxic)
            await self._ask("POST", f"/proxies/{name}/toxics", body)
        if wanted.is_open and not now.is_open:
            await self._ask("PATCH", f"/proxies/{name}", {"enabled": True})

    async def _ask(self, method: str, route: str, body: object = None) -> dict[str, Any]:
        connector = aiohttp.UnixConnector(str(self._socket))
        limit = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=limit) as session,
                session.request(method, f"http://edge{route}", json=body) as answer,
            ):
                text = await answer.text()
                if answer.status >= _FAILED:
                    raise LabError(f"the edge proxy refuses {method} {route}: {text[:200]}")
                found: dict[str, Any] = await answer.json() if text else {}
                return found
        except TimeoutError:
            raise Hangs(f"the edge proxy does not answer within {_SECONDS:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise LabError(f"the edge proxy does not answer ({type(error).__name__})") from error


def _standing(entry: dict[str, Any]) -> Standing:
    toxics = {
        t["name"]: Toxic(t["type"], t["stream"], t["attributes"], t["toxicity"])
        for t in entry["toxics"]
    }
    return Standing(bool(entry["enabled"]), toxics)
