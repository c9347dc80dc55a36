"""Keeps the access log within its bound: the full file becomes the former one, once."""

import asyncio
import logging
from pathlib import Path

import aiohttp

MOST_BYTES = 64 * 2**20
POLL_SECONDS = 5.0
_log = logging.getLogger(__name__)


async def run(log: Path, admin: str) -> None:
    """Until cancelled; `admin` is the address of Envoy's admin server."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        await rotate(log, admin)


async def rotate(log: Path, admin: str, most: int = MOST_BYTES) -> None:
    """Put the log aside if it is full, and have Envoy begin a new one."""
    if not _put_aside(log, most):
        return
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            await session.post(f"http://{admin}/reopen_logs")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # Envoy goes on writing to the former file; it is the present one again.
        _log.warning("Envoy did not take its new log: %r", error)
        _former(log).replace(log)


def _put_aside(log: Path, most: int) -> bool:
    """Whether the log was full, and is the former one now."""
    if not log.exists() or log.stat().st_size < most:
        return False
    log.replace(_former(log))
    return True


def _former(log: Path) -> Path:
    return log.with_name(f"{log.name}.1")
