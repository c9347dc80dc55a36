"""HTTP/2 without TLS and WebSockets to backends, on a real Envoy."""

import asyncio
from pathlib import Path

import aiohttp
from aiohttp import web
from gateway_objects import (
    a_backend,
    a_backend_object_ref,
    a_backend_ref,
    a_rule,
    a_service,
    a_slice,
    by_key,
)
from http2_server import serve_http2
from running_envoy import RunningEnvoy, until

from infctl.lab import addresses
from infctl.lab.following import Object


def know(envoy: RunningEnvoy, name: str, address: str, **port: str) -> Object:
    """A Service of one endpoint; returns the reference to it."""
    envoy.objects.services.update(by_key(a_service(name, **port)))
    envoy.objects.slices.update(by_key(a_slice(name, (addresses.known_as(address), True))))
    return a_backend_ref(name)


def test_a_backend_can_ask_for_http2(envoy: RunningEnvoy, tmp_path: Path) -> None:
    where = (f"127.{envoy.lab.number}.1.120", 8080)
    named = a_backend("two", where, appProtocols=["gateway.envoyproxy.io/h2c"])
    with serve_http2(tmp_path, *where):
        envoy.put(named, kind="backends")
        for reference in (
            know(envoy, "two", where[0], appProtocol="kubernetes.io/h2c"),
            a_backend_object_ref("two"),
        ):
            host = envoy.serve(a_rule(reference))
            until(lambda h=host: envoy.ask(h).said.get("text") == "h2c", "HTTP/2 is spoken")  # type: ignore[misc]
        plain = envoy.serve(a_rule(know(envoy, "one", where[0])))
        until(lambda: envoy.ask(plain).status in (502, 503), "HTTP/1 is not understood")


async def test_websockets_pass(envoy: RunningEnvoy) -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"again: {message.data}")
        return socket

    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    address = f"127.{envoy.lab.number}.1.121"
    await web.TCPSite(runner, address, 8080).start()
    reference = know(envoy, "socket", address, appProtocol="kubernetes.io/ws")
    host = await asyncio.to_thread(envoy.serve, a_rule(reference))
    url = f"http://{envoy.place.bound}:{addresses.GATEWAY_PORT}/"
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(
                url, headers={"Host": host}, timeout=aiohttp.ClientWSTimeout(5)
            ) as socket,
        ):
            await socket.send_str("hello")
            assert (await socket.receive_str()) == "again: hello"
    finally:
        await runner.cleanup()


def test_a_services_protocol_that_is_not_served_is_told(envoy: RunningEnvoy) -> None:
    envoy.objects.services.update(by_key(a_service("odd", appProtocol="example.com/odd")))
    envoy.serve(a_rule(a_backend_ref("odd")))
    assert envoy.status()["ResolvedRefs"]["reason"] == "UnsupportedProtocol"
