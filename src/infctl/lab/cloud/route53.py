"""Route 53 at the global front: what moto does not check, does wrong, or does not have."""

import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web

from infctl.lab.cloud import route53_xml
from infctl.lab.cloud.forwarding import forward, to_response
from infctl.lab.cloud.health_check_rules import find_fault, find_fault_in_change
from infctl.lab.cloud.refusals import refuse

MOST_BYTES = 1_000_000
_PATH = re.compile(r"/2013-04-01/healthcheck(?:/([^/]+))?(?:/(status|lastfailurereason))?/?")
_TEST = "/2013-04-01/testdnsanswer"
_NOTICE = aiohttp.ClientTimeout(total=2)
_KINDS = {
    "status": ("GetHealthCheckStatusResponse", "observations"),
    "lastfailurereason": ("GetHealthCheckLastFailureReasonResponse", "failures"),
}
_REFUSED = 400


class Route53:
    """`moto` and `admin` are addresses, `sources` those of the checkers by name."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        moto: str,
        admin: str,
        sources: Mapping[str, str],
    ) -> None:
        self._session = session
        self._moto = moto
        self._admin = admin
        self._sources = sources

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer here, or refuse, or pass on and tell the name service that something changed."""
        if request.path == _TEST:
            return await self._test_answer(request)
        found = _PATH.fullmatch(request.path)
        if found and found[2]:
            return await self._observe(found[1], found[2])
        if request.method in ("GET", "HEAD"):
            return await forward(request, self._session, self._moto, "route53")
        body = await _read(request)
        if found and request.method == "POST":
            return await self._write_check(request, found[1], body)
        return await self._write(request, body)

    async def _write(self, request: web.Request, body: bytes) -> web.Response:
        """Change something; the name service knows before the client has its answer."""
        answer = await self._send(request, request.method, body)
        if answer.status < _REFUSED:
            await self._announce()
        return answer

    async def _write_check(
        self, request: web.Request, identifier: str | None, body: bytes
    ) -> web.Response:
        """Create or change a health check, if Route 53 would."""
        try:
            config = route53_xml.read_config(body, create=identifier is None)
            fault = find_fault_in_change(config) if identifier else find_fault(config)
            if not fault and identifier:
                body = await self._complete(request, body)
        except ValueError as error:
            fault = str(error)
        if fault:
            return to_response(refuse("route53", 400, "InvalidInput", fault))
        return await self._write(request, body)

    async def _complete(self, request: web.Request, body: bytes) -> bytes:
        current = await self._send(request, "GET", b"")
        if current.status >= _REFUSED or not isinstance(current.body, bytes):
            return body
        return route53_xml.complete_update(body, current.body)

    async def _send(self, request: web.Request, method: str, body: bytes) -> web.Response:
        """To moto with a body of ours, and its whole answer."""
        headers = {"Authorization": request.headers.get("Authorization", "")}
        url = f"{self._moto}{request.raw_path}"
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers
            ) as found:
                passed = {k: v for k, v in found.headers.items() if k in ("Location", "ETag")}
                return web.Response(
                    status=found.status,
                    body=await found.read(),
                    headers=passed,
                    content_type=found.content_type,
                )
        except (aiohttp.ClientError, TimeoutError, OSError):
            message = "The lab's cloud does not answer."
            return to_response(refuse("route53", 503, "ServiceUnavailable", message))

    async def _observe(self, identifier: str, what: str) -> web.Response:
        status, found = await self._ask(f"/healthchecks/{identifier}")
        if status == 404:
            message = f"A health check with id {identifier} does not exist."
            return to_response(refuse("route53", 404, "NoSuchHealthCheck", message))
        if status != 200:
            return self._away()
        if found["type"] == "CALCULATED":
            message = "Route 53 has no observations of a calculated health check."
            return to_response(refuse("route53", 400, "InvalidInput", message))
        kind, key = _KINDS[what]
        seen = [{**o, "address": self._sources.get(o["checker"], "")} for o in found[key]]
        return _xml(route53_xml.write_observations(kind, seen))

    async def _test_answer(self, request: web.Request) -> web.Response:
        query = request.query
        name, kind = query.get("recordname", ""), query.get("recordtype", "")
        if not name or not kind:
            message = "recordname and recordtype are needed"
            return to_response(refuse("route53", 400, "InvalidInput", message))
        client = query.get("edns0clientsubnetip") or query.get("resolverip", "")
        status, found = await self._ask("/answer", name=name, type=kind, client=client)
        if status != 200:
            return self._away()
        server = self._admin.removeprefix("http://").rpartition(":")[0]
        values = found["values"]
        return _xml(route53_xml.write_answer(name, kind, found["code"], values, server))

    async def _ask(self, path: str, **query: str) -> tuple[int, dict[str, Any]]:
        try:
            async with self._session.get(
                self._admin + path, params=query, timeout=_NOTICE
            ) as answer:
                return answer.status, dict(await answer.json())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0, {}

    async def _announce(self) -> None:
        """Let the name service read again; it does so by itself a little later if it cannot now."""
        try:
            async with self._session.post(f"{self._admin}/reload", timeout=_NOTICE) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return

    def _away(self) -> web.Response:
        message = "The lab's name service does not answer."
        return to_response(refuse("route53", 503, "ServiceUnavailable", message))


async def _read(request: web.Request) -> bytes:
    """The whole body; 413 where it is longer than any that Route 53 takes."""
    body = b""
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            raise web.HTTPRequestEntityTooLarge(MOST_BYTES, len(body))
    return body


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")
