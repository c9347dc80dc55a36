"""Notification routes: an outbox on disk first, then webhooks and SNS topics."""

import asyncio
import errno
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from infctl.clients.aws import Account, Service
from infctl.clients.http_caller import Endpoint, HttpEndpoints
from infctl.clients.whole_files import write_whole
from infctl.errors import InfctlError, Refused, Unreachable
from infctl.model.text import clean
from infctl.ports.notices import Notice

SECONDS = 5.0
AGAIN_SECONDS = 15.0
MOST_WAITING = 1000
"""Notices in the outbox, and as many that were sent; a disk has an end."""
_OK = range(200, 300)


class Route(Protocol):
    """One way to people."""

    async def deliver(self, notice: Notice) -> None:
        """Hand over one notice; any InfctlError means that it was not taken."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST of JSON; the key goes along as Idempotency-Key."""

    name: str
    url: str

    async def deliver(self, notice: Notice) -> None:
        """Taken where the answer is 2xx; a redirect is none."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        caller = HttpEndpoints({self.name: Endpoint(f"{parts.scheme}://{parts.netloc}")})
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        body = json.dumps({"apiVersion": "infctl.dev/v1", "kind": "Notice", **asdict(notice)})
        reply = await caller.call(self.name, "POST", path, body, notice.key, SECONDS)
        if reply.status not in _OK:
            raise Unreachable(f"the route {self.name} answers {reply.status}")


class Topic:
    """An SNS topic; where it is a FIFO topic, the key makes sending twice sending once."""

    def __init__(self, name: str, arn: str, account: Account) -> None:
        self._arn = arn
        self._service = Service("sns", account, f"SNS for {name}")

    async def deliver(self, notice: Notice) -> None:
        """Taken where SNS gives it an id."""
        more: dict[str, Any] = {}
        if self._arn.endswith(".fifo"):
            digest = hashlib.sha256(notice.key.encode()).hexdigest()
            more = {"MessageGroupId": "infctl", "MessageDeduplicationId": digest}
        message = json.dumps({"kind": "Notice", **asdict(notice)})
        await self._service.call(
            lambda sns: sns.publish(
                TopicArn=self._arn,
                # SNS takes a subject of fewer than 100 ASCII characters.
                Subject=notice.title.encode("ascii", "replace").decode()[:99],
                Message=message,
                **more,
            )["MessageId"]
        )


class Outbox:
    """The port Notifier. A notice is on disk before anybody is asked, and is sent at least once.

    No route waits for another one, nor for what another one does not take.
    """

    def __init__(self, routes: Mapping[str, Route], folder: Path) -> None:
        self._routes = dict(routes)
        self._waiting = folder / "waiting"
        self._sent = folder / "sent"
        self._one = {name: asyncio.Lock() for name in self._routes}
        self._later: asyncio.Task[None] | None = None

    def names(self) -> tuple[str, ...]:
        """The routes."""
        return tuple(sorted(self._routes))

    async def send(self, route: str, notice: Notice) -> str:
        """Write it down, then hand over all that waits for this route; the rest goes later."""
        if route not in self._routes:
            raise Refused(
                f"there is no route {clean(route, limit=80)}",
                hint="docs/platform.md: notifications",
                unchanged="nothing was sent",
            )
        name = _name(route, notice.key)
        if not (self._sent / name).exists():
            await asyncio.to_thread(self._keep, name, route, notice)
        reason = await self._flush_route(route)
        self.keep_trying()
        if (self._sent / name).exists():
            return "sent"
        return f"queued: {reason or 'no answer yet'}"

    async def sent(self, key: str) -> tuple[str, ...]:
        """The routes that took a notice of that key."""
        await self.flush()
        return tuple(r for r in sorted(self._routes) if (self._sent / _name(r, key)).exists())

    async def flush(self) -> int:
        """Send what waits; returns how many notices still do."""
        await asyncio.gather(*(self._flush_route(route) for route in self._routes))
        return len(_files(self._waiting))

    def keep_trying(self) -> None:
        """Send what waits in the background, again and again while this process lives."""
        is_trying = self._later is not None and not self._later.done()
        if not is_trying and _files(self._waiting):
            self._later = asyncio.get_running_loop().create_task(self._try())

    async def _try(self) -> None:
        while True:
            if not await self.flush():
                return
            await asyncio.sleep(AGAIN_SECONDS)

    async def _flush_route(self, route: str) -> str:
        """Until the route does not take one, which ends it for this time: why, or nothing."""
        async with self._one[route]:
            for path in _files(self._waiting):
                found = _parse(path)
                if found is None or found[0] != route:
                    continue
                if why := await self._deliver(route, found[1]):
                    return why
                self._sent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    # Another program sent it at the same moment: by its key it is one notice.
                    path.replace(self._sent / path.name)
        return ""

    async def _deliver(self, route: str, notice: Notice) -> str:
        try:
            async with asyncio.timeout(2 * SECONDS):
                await self._routes[route].deliver(notice)
        except InfctlError as error:
            return error.what
        except TimeoutError:
            return "no answer in time"
        return ""

    def _keep(self, name: str, route: str, notice: Notice) -> None:
        if len(_files(self._waiting)) >= MOST_WAITING:
            raise InfctlError(f"{MOST_WAITING} notices wait already", hint=f"ls {self._waiting}")
        text = json.dumps({"route": route, "notice": asdict(notice)})
        try:
            self._waiting.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check(self._waiting)
            for old in _files(self._sent)[:-MOST_WAITING]:
                old.unlink(missing_ok=True)
            write_whole(self._waiting / name, text.encode())
        except OSError as error:
            raise InfctlError(f"the outbox cannot be written: {error.strerror}") from None


def _check(folder: Path) -> None:
    """PermissionError where the folder is not ours alone."""
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not is_ours or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, f"{folder} is not a folder of ours alone")


def _files(folder: Path) -> list[Path]:
    """The oldest first."""
    found = []
    with suppress(OSError):
        for path in folder.glob("*.json"):
            with suppress(OSError):
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def _parse(path: Path) -> tuple[str, Notice] | None:
    """What waits there; None for what is none of ours."""
    try:
        data = json.loads(path.read_text())
        return str(data["route"]), Notice(**data["notice"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _name(route: str, key: str) -> str:
    return f"{hashlib.sha256(f'{route}/{key}'.encode()).hexdigest()}.json"
