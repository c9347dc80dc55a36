"""List, then watch, for ever: our own loop, since the SDK's retries a dead place and then gives up.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from infctl.clients.kubernetes_errors import Refusal
from infctl.errors import CredentialsError, Unreachable
from infctl.model.text import clean
from infctl.ports.cluster import Event, Object

Relist = Callable[[], Awaitable[tuple[list[Object], str]]]
Stream = Callable[[str], AsyncGenerator[Object, None]]

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
CHANGES = ("ADDED", "MODIFIED", "DELETED")
SHORTEST_WATCH = 1.0
"""A watch that ends sooner is not taken up where it ended, but listed anew, after a pause."""
FORBIDDEN_SECONDS = 30.0
_GONE = 410


async def follow(relist: Relist, stream: Stream) -> AsyncGenerator[Event, None]:
    """LISTED with all objects first and after each time our place was lost, then each change.

    A server that does not answer is asked again after a pause; whoever waits sets the deadline.
    Refusals (no right, no such kind) are raised: asking again would not help. But a server that
    knew us and starts again forbids everything until it has read its roles: that is waited out.
    """
    pause, patience = FIRST_PAUSE, _Patience()
    while True:
        began = time.monotonic()
        try:
            items, version = await relist()
            patience.allow()
            yield Event("LISTED", {"items": items})
            async with aclosing(_changes(stream, version)) as changes:
                async for event in changes:
                    yield event
        except Unreachable:
            pass
        except CredentialsError:
            if patience.is_over():
                raise
        if time.monotonic() - began > LONGEST_PAUSE:
            pause = FIRST_PAUSE
        # Also after a watch that only ended: a server may end every one of them at once.
        await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311
        pause = min(2 * pause, LONGEST_PAUSE)


class _Patience:
    """How long a server may forbid what it allowed before."""

    def __init__(self) -> None:
        self._was_allowed = False
        self._since: float | None = None

    def allow(self) -> None:
        """It answered."""
        self._was_allowed, self._since = True, None

    def is_over(self) -> bool:
        """Whether a refusal that came just now is meant."""
        if self._since is None:
            self._since = time.monotonic()
        return not self._was_allowed or time.monotonic() - self._since > FORBIDDEN_SECONDS


async def _changes(stream: Stream, version: str) -> AsyncGenerator[Event, None]:
    """Changes from a version on; ends when the server forgot it, or ended the watch early."""
    is_held = True
    while is_held:
        began = time.monotonic()
        try:
            async with aclosing(stream(version)) as raws:
                async for raw in raws:
                    kind, found = str(raw.get("type")), raw.get("object", {})
                    if kind == "ERROR" or not _is_object(found):
                        _refuse(found)
                        return
                    version = str(found["metadata"].get("resourceVersion") or version)
                    if kind in CHANGES:
                        yield Event(kind, found)
        except Refusal as error:
            if error.status != _GONE:
                raise
            return
        is_held = time.monotonic() - began >= SHORTEST_WATCH


def _is_object(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("metadata"), dict)


def _refuse(status: Any) -> None:
    """A forgotten place (410) is no error: it is listed again; what else ends a watch is."""
    code = status.get("code") if isinstance(status, dict) else None
    if code not in (_GONE, None):
        message = clean(str(status.get("message", "")), limit=300)
        raise Unreachable(f"a watch was ended by the server: {code} {message}")
