"""A thin client of a Kubernetes API for the lab's own controllers.

The official client costs each of them 60 MB and half a second; a lab has nine such processes.
"""

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

Object = dict[str, Any]

DEADLINE = aiohttp.ClientTimeout(total=10, sock_connect=3)
WATCH_DEADLINE = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=90)
_GONE = 410
_FAILED = 400


class ClusterError(Exception):
    """The API server refused, or did not answer (`status` 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Cluster:
    """One API server, by its address, as one user. Use it as an async context manager."""

    def __init__(self, base: str, token: str, ca: Path) -> None:
        self.base = base
        self._token = token
        self._ca = ca
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Cluster":
        context = ssl.create_default_context(cafile=str(self._ca))
        self._session = aiohttp.ClientSession(
            base_url=self.base,
            connector=aiohttp.TCPConnector(ssl=context, limit=16),
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=DEADLINE,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **query: str) -> Object:
        """GET a path."""
        return await self._send("GET", path, query=query)

    async def create(self, path: str, body: Object) -> Object:
        """POST an object to its collection."""
        return await self._send("POST", path, body)

    async def replace(self, path: str, body: Object) -> Object:
        """PUT an object."""
        return await self._send("PUT", path, body)

    async def apply(self, path: str, body: Object, *, manager: str, force: bool = True) -> Object:
        """Server-side apply as `manager`."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        return await self._send(
            "PATCH", path, body, query=query, content_type="application/apply-patch+yaml"
        )

    async def patch(
        self, path: str, body: Any, *, content_type: str = "application/merge-patch+json"
    ) -> Object:
        """PATCH an object."""
        return await self._send("PATCH", path, body, content_type=content_type)

    async def delete(self, path: str, **body: Any) -> Object:
        """DELETE an object with DeleteOptions; a missing one is no error."""
        try:
            return await self._send("DELETE", path, body or None)
        except ClusterError as error:
            if error.status == 404:
                return {}
            raise

    async def watch(self, path: str, **query: str) -> AsyncIterator[tuple[str, Object]]:
        """List, then follow for ever: ("LISTED", list) first and after each time we lost our place,
        then ("ADDED" | "MODIFIED" | "DELETED", object)."""
        pause = 0.2
        while True:
            try:
                listed = await self.get(path, **query)
                yield "LISTED", listed
                pause = 0.2
                async for event in self._follow(path, listed["metadata"]["resourceVersion"], query):
                    yield event
            except ClusterError:
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311
                pause = min(pause * 2, 5.0)

    async def _follow(
        self, path: str, version: str, query: dict[str, str]
    ) -> AsyncIterator[tuple[str, Object]]:
        """Watch from a version; returns when the connection ends or our place is gone."""
        while True:
            ended = True
            async for kind, item in self._stream(path, version, query):
                if kind == "ERROR":
                    return
                version = item["metadata"]["resourceVersion"]
                ended = False
                if kind != "BOOKMARK":
                    yield kind, item
            if ended:
                return

    async def _stream(
        self, path: str, version: str, query: dict[str, str]
    ) -> AsyncIterator[tuple[str, Object]]:
        parameters = {
            **query,
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "300",
        }
        try:
            async with self._open().get(
                path, params=parameters, timeout=WATCH_DEADLINE, read_bufsize=2**20
            ) as answer:
                if answer.status >= _FAILED:
                    raise ClusterError(answer.status, (await answer.text())[:300])
                async for line in _lines(answer.content):
                    event = json.loads(line)
                    yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ClusterError(0, f"watch ended: {error!r}") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use Cluster as an async context manager")
        return self._session

    async def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type} if data else {}
        try:
            async with self._open().request(
                method, path, data=data, params=query, headers=headers
            ) as answer:
                text = await answer.text()
                if answer.status >= _FAILED:
                    raise ClusterError(answer.status, _message(text))
                return dict(json.loads(text)) if text.startswith("{") else {"text": text}
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ClusterError(0, f"no answer from {self.base}: {error!r}") from error


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length: StreamReader's own are limited."""
    rest = b""
    async for chunk in stream.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line


def _message(text: str) -> str:
    try:
        return str(json.loads(text).get("message", text))[:500]
    except ValueError:
        return text[:500]
