"""Copies of a run in the clusters: there before an act, whatever some regions do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from infctl.engine.mirror import LARGEST, read_order, read_records
from infctl.engine.mirroring import Mirror
from infctl.engine.order import Order, order_content
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.fence import SYSTEM as NAMESPACE
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView, fold
from infctl.ports.cluster import CONFIG_MAP

RUN = "01hzy0000000000000000000aa"
PLAN = Plan("p", "A plan", "lab", (Step("a", Operation("wait_steady")),))
ORDER = Order(RUN, PLAN, Path("/platform.yaml"), "lab", "ada@host")


@dataclass
class Lines:
    """A journal in memory."""

    written: list[Record] = field(default_factory=list)

    def append(self, kind: Kind, *, result: Any = None, **_: Any) -> Record:
        prev = self.written[-1].digest if self.written else GENESIS
        seq = len(self.written) + 1
        record = Record(
            VERSION, seq, prev, RUN, PLAN.digest, None, 0, str(kind), 1, "ada", 1.0, 1.0, "",
            None, None, result, None,
        )  # fmt: skip
        self.written.append(record)
        return record

    def records(self) -> tuple[Record, ...]:
        return tuple(self.written)

    def view(self) -> RunView:
        return fold(self.written)


@dataclass
class Kept:
    fake: FakeWorld
    journal: Lines
    mirror: Mirror
    told: list[str]

    async def copy_in(self, region: str) -> tuple[Record, ...]:
        self.fake.silence(region, Mood.ANSWERING)
        objects = await self.fake.clusters[region].list(CONFIG_MAP, NAMESPACE)
        return read_records(RUN, objects)


@contextlib.asynccontextmanager
async def _kept() -> AsyncIterator[Kept]:
    fake, journal, told = fake_world(), Lines(), list[str]()
    for cluster in fake.clusters.values():
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        await cluster.apply(manifest)
    mirror = Mirror(fake.clusters, ORDER, journal, fake.clock, told.append)
    running = asyncio.create_task(mirror.run())
    try:
        yield Kept(fake, journal, mirror, told)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_settled_can_be_read_back_with_its_order() -> None:
    async with _kept() as kept:
        for number in range(45):
            kept.journal.append(Kind.OBSERVED, result=number)
            if number % 7 == 0:
                assert await kept.mirror.settle()
        assert await kept.mirror.settle()
        copies = [await kept.copy_in(region) for region in kept.fake.clusters]
        assert kept.journal.records() in copies
        objects = await kept.fake.clusters["us-east-1"].list(CONFIG_MAP, NAMESPACE)
        assert read_order(RUN, objects) == order_content(ORDER)
        assert not kept.told


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.HANGING, Mood.REFUSING])
async def test_a_dying_region_does_not_delay_the_copy_in_others(mood: Mood) -> None:
    async with _kept() as kept:
        kept.fake.silence("us-east-1", mood)
        kept.journal.append(Kind.INTENT)
        started = asyncio.get_running_loop().time()
        assert await kept.mirror.settle()
        assert asyncio.get_running_loop().time() - started < 0.5
        assert await kept.copy_in("us-east-1") == () or mood is not Mood.HANGING


async def test_where_no_cluster_answers_the_act_goes_on_and_it_is_said_once() -> None:
    async with _kept() as kept:
        for region in kept.fake.clusters:
            kept.fake.silence(region)
        kept.journal.append(Kind.INTENT)
        assert not await kept.mirror.settle(0.2)
        assert not await kept.mirror.settle(0.2)
        assert kept.told == ["no cluster keeps a copy of this run: only this machine can undo it"]


async def test_a_run_that_is_over_says_nothing_more_where_no_cluster_hears_of_its_end() -> None:
    async with _kept() as kept:
        kept.journal.append(Kind.HEAD, result={"state": "completed", "exit": 0})
        for region in kept.fake.clusters:
            kept.fake.silence(region)
        assert not await kept.mirror.settle(0.2)
        assert not kept.told


async def test_a_region_that_comes_back_gets_the_whole_journal() -> None:
    async with _kept() as kept:
        kept.fake.silence("us-east-1")
        for _ in range(25):
            kept.journal.append(Kind.OBSERVED)
        await kept.mirror.settle()
        kept.fake.silence("us-east-1", Mood.ANSWERING)
        async with asyncio.timeout(5):
            while await kept.copy_in("us-east-1") != kept.journal.records():  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_an_executor_that_carries_on_writes_beside_what_is_there() -> None:
    async with _kept() as kept:
        kept.journal.append(Kind.LEASE)
        await kept.mirror.settle()
        again = Mirror(kept.fake.clusters, ORDER, kept.journal, kept.fake.clock, kept.told.append)
        kept.journal.append(Kind.LEASE)
        running = asyncio.create_task(again.run())
        assert await again.settle()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        copies = [await kept.copy_in(region) for region in kept.fake.clusters]
        assert kept.journal.records() in copies


async def test_a_record_that_no_cluster_can_hold_is_told_and_holds_nobody_up() -> None:
    async with _kept() as kept:
        kept.journal.append(Kind.INTENT)
        await kept.mirror.settle()
        kept.journal.written.append(
            replace(kept.journal.append(Kind.SENT), seq=3, result="x" * LARGEST)
        )
        assert not await kept.mirror.settle(0.3)
        assert kept.told
