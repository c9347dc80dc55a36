"""A receiver of SNS notices at the global front: subscribe `http://FRONT/_infctl/inbox/NAME`.

Confirms its subscriptions by itself, and keeps what came until somebody empties it.
"""

import json
from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from aiohttp import web

from infctl.lab.cloud import notice_rules

PATH: Final = "/_infctl/inbox/{name:[A-Za-z0-9_-]{1,64}}"
_MOST_BOXES: Final = 100
_MOST_NOTICES: Final = 1000
_MOST_BYTES: Final = 400_000
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5, sock_connect=2)


class Inbox:
    """Boxes by name, each with the last thousand notices that came."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._boxes: dict[str, deque[dict[str, Any]]] = {}

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the boxes."""
        router.add_post(PATH, self._receive)
        router.add_get(PATH, self._show)
        router.add_delete(PATH, self._empty)

    async def _receive(self, request: web.Request) -> web.Response:
        body = b""
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > _MOST_BYTES:
                return web.Response(status=413)
        name = request.match_info["name"]
        if name not in self._boxes and len(self._boxes) >= _MOST_BOXES:
            return web.Response(status=507, text="too many boxes")
        box = self._boxes.setdefault(name, deque(maxlen=_MOST_NOTICES))
        kind = request.headers.get("x-amz-sns-message-type", "")
        text = body.decode(errors="replace")
        headers = {k.lower(): v for k, v in request.headers.items() if k.lower()[:6] == "x-amz-"}
        box.append({"at": datetime.now(UTC).isoformat(), "headers": headers, "body": text})
        if kind == "SubscriptionConfirmation" and not await self._confirm(text):
            return web.Response(status=502, text="the subscription could not be confirmed")
        return web.Response()

    async def _confirm(self, text: str) -> bool:
        try:
            url = str(json.loads(text)["SubscribeURL"])
        except (KeyError, RecursionError, TypeError, ValueError):
            return False
        if notice_rules.endpoint_fault(url, "http"):
            return False
        try:
            async with self._session.get(url, timeout=_TIMEOUT, allow_redirects=False) as answer:
                return answer.ok
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response({"notices": list(self._boxes.get(request.match_info["name"], ()))})

    async def _empty(self, request: web.Request) -> web.Response:
        self._boxes.pop(request.match_info["name"], None)
        return web.Response(status=204)
