"""The name service put together: reads Route 53, keeps the fleet on it, and answers."""

import asyncio
import logging
from dataclasses import replace
from random import Random

from infctl.lab.dns.answers import Reply, answer
from infctl.lab.dns.fleet import Fleet
from infctl.lab.dns.places import Places
from infctl.lab.dns.reading import full_name
from infctl.lab.dns.records import Catalogue
from infctl.lab.dns.source import Source, SourceFailed
from infctl.lab.dns.wire import respond

POLL_SECONDS = 5.0
log = logging.getLogger(__name__)


class Service:
    """Holds what was read last; goes on with it while Route 53's own API is away."""

    def __init__(
        self,
        source: Source,
        fleet: Fleet,
        chance: Random | None = None,
        places: Places | None = None,
    ) -> None:
        self._source = source
        self._places = places or Places()
        self._chance = chance or Random()  # noqa: S311
        self._reading = asyncio.Lock()
        self._trouble = ""
        self.fleet = fleet
        self.catalogue: Catalogue | None = None

    async def reload(self) -> None:
        """Read everything again; SourceFailed where that cannot be done."""
        async with self._reading:
            self.catalogue = await self._source.read()
            self.fleet.bring(self.catalogue.checks)

    async def keep_reading(self) -> None:
        """Read now and then: changes are announced, this is for those that were not."""
        while True:
            try:
                await self.reload()
                self._tell("")
            except SourceFailed as error:
                self._tell(str(error))
            await asyncio.sleep(POLL_SECONDS if self.catalogue is not None else 0.2)

    def answer(self, name: str, kind: str, client: str = "") -> Reply:
        """Answer a question of a client at an address at this moment."""
        location = self._places.find(client)
        reply = answer(
            self.catalogue,
            full_name(name),
            kind,
            self.fleet.is_healthy,
            self._chance,
            location.place,
        )
        return replace(reply, scope=location.prefix) if reply.tailored else reply

    def respond(self, data: bytes, udp: bool, sender: str = "") -> bytes | None:
        """Answer a message that came from an address."""
        return respond(data, self.answer, udp=udp, sender=sender)

    def lookup(self, host: str) -> str | None:
        """An IPv4 address for a check that has only a name; only our own zones are known."""
        reply = self.answer(host, "A")
        values = [v for rows in reply.answer if rows.type == "A" for v in rows.values]
        return values[0] if values else None

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("%s", trouble or "Route 53 can be read again")
        self._trouble = trouble
