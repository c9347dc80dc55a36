"""The metrics APIs, for the region's API server alone: it has asked who may read them."""

import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from infctl.lab.autoscaler import discovery
from infctl.lab.autoscaler.discovery import EXTERNAL, RESOURCE, VERSION, failure
from infctl.lab.client_certificates import common_name

CLIENT = "infctl:front-proxy"
"""The common name of the API server's client certificate (controlplane.flags)."""
HEALTH = "/healthz"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CLOSE_SECONDS = 0.5


def make_application(is_healthy: Callable[[], bool]) -> web.Application:
    """An application that answers discovery and health; the rest is added to its router."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(status=200 if is_healthy() else 503)

    application = web.Application(middlewares=[refuse_others])
    application.router.add_get(HEALTH, healthz)
    for group in (EXTERNAL, RESOURCE):
        application.router.add_get(f"/apis/{group}", _answer(discovery.api_group(group)))
        path = f"/apis/{group}/{VERSION}"
        application.router.add_get(path, _answer(discovery.resource_list(group)))
    return application


def _answer(body: dict[str, object]) -> Answer:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(body)

    return handler


async def listen(
    application: web.Application, host: str, port: int, context: ssl.SSLContext
) -> web.AppRunner:
    """Listen; the runner's `cleanup` ends it."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_CLOSE_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=context).start()
    return runner


@web.middleware
async def refuse_others(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Health is for all; the rest for a client with the API server's certificate."""
    if request.path != HEALTH:
        name = common_name(request)
        if name != CLIENT:
            logging.getLogger(__name__).warning("refused %r", name)
            said = failure(401, "Unauthorized", "only the region's API server may ask")
            return web.json_response(said, status=401)
    return await handler(request)


def client_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """TLS for a client with a certificate of the lab."""
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(certificate, key)
    return context
