"""The checkers at work on checks that come, change and go."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import replace

from infctl.lab.dns.checkers import STANDARD, checkers_of, source_address
from infctl.lab.dns.fleet import Fleet
from infctl.lab.dns.health import Conclusion, Result
from infctl.lab.dns.records import Check


class Endpoint:
    """A prober whose endpoint is up or down, or never answers."""

    def __init__(self) -> None:
        self.up = True
        self.hangs = False
        self.asked: list[str] = []

    async def probe(self, check: Check) -> Result:
        self.asked.append(check.id)
        if self.hangs:
            await asyncio.Event().wait()
        return Result(self.up, "up" if self.up else "down", time.time(), 0.0)


class Watched:
    def __init__(self) -> None:
        self.probers = {name: Endpoint() for name in STANDARD}
        self.seen: list[tuple[str, str, bool, bool]] = []
        self.news = asyncio.Event()
        self.fleet = Fleet(self.probers, self.watch)

    def watch(self, check: str, checker: str, result: Result, after: Conclusion) -> None:
        self.seen.append((check, checker, result.passed, after.healthy))
        self.news.set()

    async def until(self, *checks: str, checkers: Iterable[str] = STANDARD) -> None:
        """Wait until each of these checkers probed each of these checks."""
        wanted = {(check, checker) for check in checks for checker in checkers}
        async with asyncio.timeout(5):
            while not wanted <= {(check, checker) for check, checker, _, _ in self.seen}:
                self.news.clear()
                await self.news.wait()


# Route 53 has no interval this short; tests would take long otherwise.
CHECK = Check("h", "HTTP", address="127.0.0.1", interval=1, threshold=1)


async def test_every_checker_probes_by_itself_and_soon() -> None:
    watched = Watched()
    watched.fleet.bring({"h": CHECK})
    await watched.until("h")
    await watched.fleet.close()
    assert watched.fleet.is_healthy("h")


async def test_a_checker_that_waits_does_not_hold_up_the_others() -> None:
    watched = Watched()
    watched.probers["us-east-1"].hangs = True
    watched.fleet.bring({"h": CHECK})
    await watched.until("h", checkers=set(STANDARD) - {"us-east-1"})
    await watched.fleet.close()
    assert "us-east-1" not in {checker for _, checker, _, _ in watched.seen}


async def test_the_last_checker_that_still_sees_it_is_not_enough() -> None:
    watched = Watched()
    for name, prober in watched.probers.items():
        prober.up = name == "sa-east-1"
    watched.fleet.bring({"h": CHECK})
    await watched.until("h")
    await watched.fleet.close()
    assert not watched.fleet.is_healthy("h")


async def test_a_changed_inversion_keeps_what_was_seen_and_restarts_nothing() -> None:
    watched = Watched()
    watched.fleet.bring({"h": CHECK})
    await watched.until("h")
    watched.fleet.bring({"h": replace(CHECK, inverted=True)})
    assert not watched.fleet.is_healthy("h")
    assert all(found.at for found in watched.fleet.conclusions["h"].values())
    await watched.fleet.close()


async def test_a_deleted_or_disabled_check_is_probed_no_more() -> None:
    watched = Watched()
    watched.fleet.bring({"h": CHECK, "d": replace(CHECK, id="d")})
    await watched.until("h", "d")
    watched.fleet.bring({"d": replace(CHECK, id="d", disabled=True)})
    count = len(watched.seen)
    await asyncio.sleep(1.2)
    await watched.fleet.close()
    assert len(watched.seen) == count
    assert "h" not in watched.fleet.conclusions


async def test_a_calculated_check_follows_its_children_at_once() -> None:
    watched = Watched()
    both = Check("c", "CALCULATED", children=("h", "s"), health_threshold=2)
    switch = replace(CHECK, id="s", inverted=True)
    watched.fleet.bring({"h": CHECK, "s": switch, "c": both})
    await watched.until("h", "s")
    assert not watched.fleet.is_healthy("c")
    watched.fleet.bring({"h": CHECK, "s": replace(switch, inverted=False), "c": both})
    assert watched.fleet.is_healthy("c")
    await watched.fleet.close()


def test_a_check_that_names_regions_is_probed_from_there() -> None:
    chosen = replace(CHECK, regions=("eu-west-1", "ap-northeast-1", "sa-east-1"))
    assert set(checkers_of(chosen)) == {"eu-west-1", "ap-northeast-1", "sa-east-1"}
    assert checkers_of(CHECK) == STANDARD
    assert len({source_address(16, name) for name in checkers_of(chosen)}) == 3
