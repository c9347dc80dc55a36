"""Who takes a run over knows what its former holder wrote last, and shuts it out everywhere."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infctl.engine.copies import catch_up
from infctl.engine.fencing import fenced, shut_out
from infctl.engine.mirror import ORDER, chunk_manifest, chunks
from infctl.engine.order import Order, order_content
from infctl.errors import Refused
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model import fence
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView, fold
from infctl.ports.cluster import CONFIG_MAP

RUN = "01hzy0000000000000000000aa"
PLAN = Plan("p", "A plan", "lab", (Step("a", Operation("wait_steady")),))


@dataclass
class Lines:
    """A journal in memory."""

    written: list[Record] = field(default_factory=list)

    def append(self, kind: Kind, *, number: int = 1, args: Any = None) -> None:
        prev = self.written[-1].digest if self.written else GENESIS
        self.written.append(
            Record(
                VERSION, len(self.written) + 1, prev, RUN, PLAN.digest, None, 0, str(kind), number,
                "ada", 1.0, 1.0, "", None, args, None, None,
            )
        )  # fmt: skip

    def records(self) -> tuple[Record, ...]:
        return tuple(self.written)

    def view(self) -> RunView:
        return fold(self.written)

    def extend(self, records: tuple[Record, ...]) -> None:
        self.written += records


def _lines(*more: Kind, number: int = 1) -> Lines:
    lines = Lines()
    lines.append(Kind.PLAN, args=PLAN.to_json())
    lines.append(Kind.LEASE, args={"host": "other"})
    for kind in more:
        lines.append(kind, number=number, args={"state": "running", "host": "third"})
    return lines


async def _world(copied: Lines) -> FakeWorld:
    fake = fake_world()
    order = Order(RUN, PLAN, Path("/platform.yaml"), "lab", "ada")
    for cluster in fake.clusters.values():
        await cluster.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fence.SYSTEM}}
        )
        for number, data in chunks(copied.records()).items():
            text = json.dumps(order_content(order))
            await cluster.create(chunk_manifest(RUN, "lab", number, {ORDER: text, **data}))
    return fake


async def test_what_the_former_holder_wrote_after_its_copy_was_read_is_taken_over() -> None:
    theirs, ours = _lines(Kind.PAUSE, Kind.RESUME), _lines()
    copy = await catch_up((await _world(theirs)).world("lab"), ours)
    assert copy is not None
    assert ours.records() == theirs.records()


@pytest.mark.parametrize("ours", [_lines(Kind.PAUSE, Kind.PAUSE), _lines(Kind.RESUME)])
async def test_a_journal_that_says_more_or_something_else_stays_as_it_is(ours: Lines) -> None:
    before = ours.records()
    await catch_up((await _world(_lines(Kind.PAUSE))).world("lab"), ours)
    assert ours.records() == before


async def test_a_run_that_a_newer_holder_carried_on_is_refused() -> None:
    world = (await _world(_lines(Kind.LEASE, number=2))).world("lab")
    ours = _lines()
    with pytest.raises(Refused, match="carried on elsewhere, on third"):
        await catch_up(world, ours)
    assert ours.records() == _lines().records()


async def test_clusters_that_are_silent_are_named_and_without_any_nothing_is_known() -> None:
    fake = await _world(_lines(Kind.PAUSE))
    fake.silence("us-east-1")
    copy = await catch_up(fake.world("lab"), _lines())
    assert copy is not None
    assert copy.silent == ("us-east-1",)
    for region in fake.clusters:
        fake.silence(region)
    assert await catch_up(fake.world("lab"), _lines()) is None


async def test_older_holders_are_shut_out_of_each_cluster_before_anything_is_written() -> None:
    fake = await _world(_lines())
    for cluster in fake.clusters.values():
        metadata = {"name": fence.CONFIG_MAP_NAME, "namespace": fence.SYSTEM}
        await cluster.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"fence": "1"}}
        )
    told: list[str] = []
    fake.silence("us-east-1")
    await shut_out(fenced(fake.clusters, 2, RUN, fake.clock, told.append))
    found = [
        fence.granted(
            await fake.clusters[name].read(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM)
        )
        for name in ("eu-west-1", "ap-south-1")
    ]
    assert found == [2, 2]
    assert len(told) == 1
    assert "us-east-1" in told[0]
