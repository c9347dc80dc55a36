"""The lab's admin API: HTTP over a unix socket that only its owner can open."""

import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from infctl.lab.errors import LabError
from infctl.lab.processes import resident_bytes
from infctl.lab.supervisor import logs
from infctl.lab.supervisor.child import Child, State
from infctl.lab.supervisor.fault import OtherFault, UnknownTarget
from infctl.lab.supervisor.faults import LONGEST_LEASE, Faults
from infctl.lab.supervisor.household import Household
from infctl.lab.supervisor.kinds import KINDS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Stop = Callable[[], Awaitable[None]]


class Admin:
    """The routes over a household and its faults; `stop` ends the lab."""

    def __init__(self, household: Household, faults: Faults, stop: Stop) -> None:
        self._household = household
        self._faults = faults
        self._stop = stop
        self._runner: web.AppRunner | None = None

    async def open(self, path: Path) -> None:
        """Listen at `path`, mode 0600."""
        app = web.Application(middlewares=[_explain_errors])
        app.add_routes(
            [
                web.get("/status", self._show_status),
                web.get("/faults", self._show_faults),
                web.put("/faults/{id}", self._inject),
                web.post("/faults/{id}/renew", self._renew),
                web.delete("/faults/{id}", self._heal),
                web.post("/start", self._start_dead),
                web.post("/stop", self._stop_all),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - before anything is served, nobody waits
        before = os.umask(0o177)
        try:
            await web.UnixSite(self._runner, str(path)).start()
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening; answers under way are sent."""
        if self._runner:
            await self._runner.cleanup()

    async def _show_status(self, _: web.Request) -> web.Response:
        lab = self._household.lab
        told = self._faults.told()
        parts = [
            _describe(child, told.get(name, "")) for name, child in self._household.children.items()
        ]
        pods = {
            region.name: [
                {"pid": p.pid, "rss_bytes": resident_bytes(p.pid)}
                for p in self._household.residents(region.name)
            ]
            for region in lab.regions
        }
        supervisor = {"pid": os.getpid(), "rss_bytes": resident_bytes(os.getpid())}
        return web.json_response(
            {
                "name": lab.name,
                "number": lab.number,
                "regions": [region.name for region in lab.regions],
                "parts": parts,
                "pods": pods,
                "supervisor": supervisor,
            }
        )

    async def _show_faults(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": [asdict(f) for f in self._faults.active()]})

    async def _inject(self, request: web.Request) -> web.Response:
        body = await _read(request)
        kind, target = body.pop("kind", None), body.pop("target", None)
        if kind not in KINDS or not isinstance(target, str):
            raise LabError(f"a fault needs a kind ({', '.join(KINDS)}) and a target")
        ttl = _ttl(body)
        body.pop("ttl")
        fault = await self._faults.inject(request.match_info["id"], kind, target, ttl, body)
        return web.json_response(asdict(fault))

    async def _renew(self, request: web.Request) -> web.Response:
        body = await _read(request)
        return web.json_response(asdict(self._faults.renew(request.match_info["id"], _ttl(body))))

    async def _heal(self, request: web.Request) -> web.Response:
        failures = await self._faults.heal(request.match_info["id"])
        if failures:
            raise LabError("healed, but not all is ready again: " + "; ".join(failures))
        return web.json_response({"healed": request.match_info["id"]})

    async def _start_dead(self, _: web.Request) -> web.Response:
        names = self._household.dead()
        await self._household.start(names)
        failures = [
            f"{name}: {child.state.value}, {child.reason}"
            for name in names
            if (child := self._household.children[name]).state is not State.READY
        ]
        if failures:
            raise LabError("not all is ready again: " + "; ".join(failures), "infctl lab logs PART")
        return web.json_response({"started": names})

    async def _stop_all(self, _: web.Request) -> web.Response:
        await self._stop()
        return web.json_response({"stopped": True})


def _describe(child: Child, told: str) -> dict[str, Any]:
    last = logs.tail(child.log)
    return {
        "name": child.part.name,
        "region": child.part.region,
        "pid": child.pid,
        "address": child.part.addresses[0] if child.part.addresses else "",
        "state": child.state.value,
        "reason": child.reason or told,
        "since": child.since,
        "rss_bytes": resident_bytes(child.pid) if child.pid else 0,
        "last_log": last[0] if last else "",
        "detail": child.part.detail,
        "log": str(child.log),
    }


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except json.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise LabError("the body is no JSON object")
    return body


def _ttl(body: dict[str, Any]) -> float:
    ttl = body.get("ttl")
    if not isinstance(ttl, (int, float)) or isinstance(ttl, bool) or not 0 < ttl <= LONGEST_LEASE:
        raise LabError(f"ttl is a number of seconds above 0, {LONGEST_LEASE:g} at most")
    return float(ttl)


@web.middleware
async def _explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LabError as error:
        status = 404 if isinstance(error, UnknownTarget) else 400
        status = 409 if isinstance(error, OtherFault) else status
        status = 500 if request.method == "DELETE" else status
        return web.json_response({"error": error.what, "hint": error.hint}, status=status)
