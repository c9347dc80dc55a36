"""How an endpoint in memory behaves: it answers, is silent, hangs, or refuses who we are."""

import asyncio
from dataclasses import dataclass
from enum import Enum

from infctl.errors import CredentialsError, Unreachable


class Mood(Enum):
    """SILENT is known at once (nobody listens); HANGING never answers: deadlines must end it."""

    ANSWERING = "answering"
    SILENT = "silent"
    HANGING = "hanging"
    REFUSING = "refusing"


@dataclass
class Endpoint:
    """One server in memory; set `mood` to try what its users do with it.

    `yields` is whether others get a turn before it answers, as they do on any network.
    """

    name: str
    mood: Mood = Mood.ANSWERING
    calls: int = 0
    yields: bool = True

    async def answer(self) -> None:
        """Return where the server answers; every verb of a fake begins with this."""
        self.calls += 1
        if self.yields:
            await asyncio.sleep(0)
        if self.mood is Mood.HANGING:
            await asyncio.Event().wait()
        if self.mood is Mood.SILENT:
            raise Unreachable(f"{self.name} does not answer", hint="infctl status")
        if self.mood is Mood.REFUSING:
            raise CredentialsError(f"{self.name} refuses who we are", hint="renew the credentials")
