"""List, then watch, for ever: our own loop, since the SDK's retries a dead place and then gives up.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from infctl.clients.kubernetes_errors import Refusal
from infctl.errors import Unreachable
from infctl.model.text import clean
from infctl.ports.cluster import Event, Object

Relist = Callable[[], Awaitable[tuple[list[Object], str]]]
Stream = Callable[[str], AsyncIterator[Object]]

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
CHANGES = ("ADDED", "MODIFIED", "DELETED")
_GONE = 410


async def follow(relist: Relist, stream: Stream) -> AsyncIterator[Event]:
    """LISTED with all objects first and after each time our place was lost, then each change.

    A server that does not answer is asked again after a pause; whoever waits sets the deadline.
    Refusals (no right, no such kind) are raised: asking again would not help.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            items, version = await relist()
            yield Event("LISTED", {"items": items})
            pause = FIRST_PAUSE
            async for event in _changes(stream, version):
                yield event
        except Unreachable:
            await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311
            pause = min(2 * pause, LONGEST_PAUSE)


async def _changes(stream: Stream, version: str) -> AsyncIterator[Event]:
    """Changes from a version on; ends when the server forgot it, or said nothing at all."""
    heard = True
    while heard:
        heard = False
        try:
            async for raw in stream(version):
                kind, found = str(raw.get("type")), raw.get("object")
                if kind == "ERROR" or not isinstance(found, dict):
                    _refuse(found)
                    return
                heard = True
                version = str((found.get("metadata") or {}).get("resourceVersion") or version)
                if kind in CHANGES:
                    yield Event(kind, found)
        except Refusal as error:
            if error.status != _GONE:
                raise
            return


def _refuse(status: Any) -> None:
    """A forgotten place (410) is no error: it is listed again; what else ends a watch is."""
    code = status.get("code") if isinstance(status, dict) else None
    if code not in (_GONE, None):
        message = clean(str(status.get("message", "")), limit=300)
        raise Unreachable(f"a watch was ended by the server: {code} {message}")
