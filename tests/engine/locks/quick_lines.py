"""A lock whose lines have no delay and note what was asked."""

from random import Random
from typing import Any

from toy_hosts import EPOCH, Host, Line, Place, now, places

from infctl.engine.locks import EnvironmentLock, Who
from infctl.errors import Unreachable
from infctl.ports.lock import Holding, Seen

WHO = Who("ana", "host", 42, "run-1")
THEIRS = Holding("theirs", "ben", "desk", 7, "run-2", 4, 0, EPOCH, 15.0)


class Quick(Line):
    """A line without delays; it notes what was asked and when."""

    asked: list[tuple[float, str]]

    async def read(self) -> Seen:
        self.note("read")
        if self.is_cut:
            raise Unreachable("cut off")
        return self.place.read()

    async def write(self, holding: Holding, *, version: str) -> Seen:
        self.note("write")
        if self.is_cut:
            raise Unreachable("cut off")
        return self.place.write(holding, version)

    def note(self, verb: str) -> None:
        self.asked = [*getattr(self, "asked", []), (now(), verb)]


def quick(where: list[Place], seed: int = 1, **choices: Any) -> tuple[EnvironmentLock, list[Quick]]:
    host = Host("host")
    lines = [Quick(place, host, Random(0)) for place in where]
    return EnvironmentLock(lines, host, WHO, random=Random(seed), **choices), lines


def held_by(holding: Holding, count: int = 3) -> list[Place]:
    where = places(count)
    for place in where:
        place.holding, place.version = holding, 1
    return where
