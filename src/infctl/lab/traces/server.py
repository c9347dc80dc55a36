"""OTLP over HTTP, and two questions: one trace by its id, and which came last."""

import asyncio
import re

from aiohttp import web

from infctl.lab.traces.encoding import JSON, PROTOBUF, Unreadable, read_export
from infctl.lab.traces.store import TraceStore
from infctl.lab.traces.summaries import summarize

_LONGEST_BODY = 4 << 20
_MOST_LISTED = 200
_TRACE = re.compile(r"[0-9a-f]{32}")


def make_application(store: TraceStore) -> web.Application:
    """The server of a store."""
    server = TraceServer(store)
    application = web.Application(client_max_size=_LONGEST_BODY)
    application.router.add_post("/v1/traces", server.take)
    application.router.add_get("/api/traces/{trace}", server.show)
    application.router.add_get("/api/traces", server.show_newest)
    application.router.add_get("/ready", server.tell_ready)
    return application


class TraceServer:
    """Its answers; files are read and written beside the loop."""

    def __init__(self, store: TraceStore) -> None:
        self._store = store

    async def take(self, request: web.Request) -> web.Response:
        """Keep an export in either form; an empty answer says that all was taken."""
        kind = request.content_type
        if kind not in (PROTOBUF, JSON):
            return _refuse(415, f"spans come as {PROTOBUF} or {JSON}")
        try:
            export = read_export(kind, await request.read())
            await asyncio.to_thread(self._store.add, export)
        except Unreadable as error:
            return _refuse(400, str(error))
        except OSError as error:
            return _refuse(503, f"spans cannot be kept: {error.strerror}")
        return web.Response(body=b"{}" if kind == JSON else b"", content_type=kind)

    async def show(self, request: web.Request) -> web.Response:
        """One trace, in OTLP's JSON."""
        trace = request.match_info["trace"].lower()
        if not _TRACE.fullmatch(trace):
            return _refuse(400, "an id of a trace is 32 hexadecimal digits")
        found = await asyncio.to_thread(self._store.find, trace)
        if not found:
            return _refuse(404, "no span of this trace is kept; few are sampled")
        return web.json_response({"resourceSpans": found})

    async def show_newest(self, request: web.Request) -> web.Response:
        """Summaries of the newest traces, 20 or `limit` of them."""
        text = request.query.get("limit", "20")
        if not re.fullmatch(r"[0-9]{1,3}", text):
            return _refuse(400, "limit is a number")
        limit = min(int(text), _MOST_LISTED)
        found = await asyncio.to_thread(lambda: summarize(self._store.newest(), limit))
        return web.json_response({"traces": found})

    async def tell_ready(self, request: web.Request) -> web.Response:
        """For the supervisor."""
        del request
        return web.Response(text="ok\n")


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
