"""How long a dead endpoint stays in the answers, by interval and threshold, in simulated time."""

import asyncio
import selectors
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from infctl.lab.dns.checkers import STANDARD
from infctl.lab.dns.fleet import Fleet
from infctl.lab.dns.health import Result
from infctl.lab.dns.records import Check

T = TypeVar("T")


class Skipping(selectors.DefaultSelector):
    """Never waits: the time that it should have waited has passed."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.skipped += max(timeout or 0.0, 0.0)
        return super().select(0)


class SimulatedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = Skipping()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.skipped


def simulate(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(work)


class Endpoint:
    def __init__(self) -> None:
        self.up = True
        self.asked: Counter[str] = Counter()

    def seen_by(self, checker: str) -> "Checker":
        return Checker(self, checker)


class Checker:
    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self._endpoint = endpoint
        self._name = name

    async def probe(self, check: Check) -> Result:
        self._endpoint.asked[self._name] += 1
        now = asyncio.get_running_loop().time()
        return Result(self._endpoint.up, check.id, now + 1, 0.0)


class World:
    """A fleet on one endpoint."""

    def __init__(self, interval: int, threshold: int) -> None:
        self.endpoint = Endpoint()
        probers = {name: self.endpoint.seen_by(name) for name in STANDARD}
        self.fleet = Fleet(probers, lambda *_: None)
        check = Check("h", "TCP", address="127.0.0.1", interval=interval, threshold=threshold)
        self.fleet.bring({"h": check})

    async def until(self, healthy: bool) -> float:
        """Seconds until the check says so."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self.fleet.is_healthy("h") is not healthy:
            assert loop.time() - began < 1000, "it never turned"
            await asyncio.sleep(0.05)
        return loop.time() - began


@pytest.mark.parametrize("interval", [10, 30])
@pytest.mark.parametrize("threshold", range(1, 11))
def test_a_check_turns_within_interval_times_threshold_both_ways(
    interval: int, threshold: int
) -> None:
    async def measure() -> tuple[float, float]:
        world = World(interval, threshold)
        await asyncio.sleep(interval * 3.3)
        world.endpoint.up = False
        died = await world.until(False)
        world.endpoint.up = True
        revived = await world.until(True)
        await world.fleet.close()
        return died, revived

    for seconds in simulate(measure()):
        assert interval * (threshold - 1) <= seconds <= interval * threshold + 0.1


@pytest.mark.parametrize("interval", [10, 30])
def test_each_checker_probes_once_an_interval(interval: int) -> None:
    async def count() -> Counter[str]:
        world = World(interval, 3)
        await asyncio.sleep(3600)
        await world.fleet.close()
        return world.endpoint.asked

    counted = simulate(count())
    assert set(counted) == set(STANDARD)
    # And one soon after the check was made.
    assert all(abs(times - 3600 / interval - 1) <= 1 for times in counted.values()), counted
