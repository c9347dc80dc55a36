"""Small questions that tell whether a part is ready: "" when it is, else the reason why not."""

import asyncio
import ssl
from pathlib import Path

import aiohttp

from infctl.lab.part import Check

_OK = 300


def http_ok(url: str, *, ca: Path | None = None, token: str = "", timeout: float = 2.0) -> Check:
    """A check that GETs `url` and wants a 2xx answer within `timeout` seconds."""

    async def check() -> str:
        context = ssl.create_default_context(cafile=str(ca)) if ca else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit, headers=headers) as session,
                session.get(url, ssl=context or True, allow_redirects=False) as answer,
            ):
                return "" if answer.status < _OK else f"{url} answers {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"{url}: {type(error).__name__}"

    return check


def tcp_open(host: str, port: int, *, timeout: float = 1.0) -> Check:
    """A check that a TCP connection can be made."""

    async def check() -> str:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout)
        except (TimeoutError, OSError) as error:
            return f"{host}:{port}: {type(error).__name__}"
        writer.close()
        return ""

    return check
