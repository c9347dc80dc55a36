"""A colleague finds a run by its copies in the clusters and takes it over, or is told why not."""

import asyncio
import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infctl.engine.copies import find_copy, list_copies
from infctl.engine.journal import read_journal
from infctl.engine.mirror import ORDER, RUN_LABEL, chunk_manifest, chunks
from infctl.errors import ConfigurationError, JournalError, Unreachable, UsageError
from infctl.executor import remote
from infctl.executor.folders import new_run_id
from infctl.executor.order import Order, order_content, read_order
from infctl.executor.remote import take_over
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.fence import SYSTEM as NAMESPACE
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import StepState
from infctl.platform import load

ROOT = Path(__file__).parents[2]
PLAN = Plan("p", "A plan", "lab", (Step("a", Operation("wait_steady")),))


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def _order(run: str) -> Order:
    return Order(run, PLAN, Path("/elsewhere/platform.yaml"), "lab", "ada@other")


def _records(run: str, fence: int = 1) -> tuple[Record, ...]:
    content: tuple[tuple[Kind, str | None, Any], ...] = (
        (Kind.PLAN, None, PLAN.to_json()),
        (Kind.LEASE, None, {"pid": 7, "host": "other"}),
        (Kind.INTENT, "a", {"kind": "wait_steady", "version": 1}),
    )
    found: list[Record] = []
    for kind, step, args in content:
        prev = found[-1].digest if found else GENESIS
        found.append(
            Record(
                VERSION, len(found) + 1, prev, run, PLAN.digest, step, 1, str(kind), fence,
                "ada@other", 5.0, 5.0, "", None, args, None, None,
            )
        )  # fmt: skip
    return tuple(found)


async def _world(*runs: str, order: dict[str, Any] | None = None) -> FakeWorld:
    """Copies of `runs` in the first two regions; the third has never heard of them."""
    fake = fake_world()
    for region in ("us-east-1", "eu-west-1"):
        cluster = fake.clusters[region]
        await cluster.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        )
        for run in runs:
            for number, data in chunks(_records(run)).items():
                text = json.dumps(order or order_content(_order(run)))
                manifest = chunk_manifest(run, "lab", number, {ORDER: text, **data})
                await cluster.create(manifest)
    return fake


async def test_a_run_is_taken_over_with_this_machines_platform_file() -> None:
    run = new_run_id()
    fake = await _world(run)
    copy = await find_copy(fake.world("lab"), run)
    assert copy.view.step("a").state is StepState.RUNNING
    platform = load(ROOT / "platform.yaml")
    folder = await asyncio.to_thread(take_over, copy, platform)
    assert read_journal(folder) == _records(run)
    order = read_order(folder)
    assert (order.platform, order.plan, order.actor) == (
        ROOT / "platform.yaml",
        PLAN,
        "ada@other",
    )


async def test_one_region_that_answers_is_enough() -> None:
    run = new_run_id()
    fake = await _world(run)
    fake.silence("us-east-1", Mood.SILENT)
    fake.silence("ap-south-1", Mood.HANGING)
    assert (await find_copy(fake.world("lab"), run)).records == _records(run)


async def test_where_no_region_answers_it_is_not_said_that_there_is_no_run() -> None:
    run = new_run_id()
    fake = await _world(run)
    for region in fake.clusters:
        fake.silence(region)
    with pytest.raises(Unreachable, match="no cluster answers"):
        await find_copy(fake.world("lab"), run)


@pytest.mark.parametrize("run", ["", "latest", "../../etc", "01hzy", "x" * 300, "-rf"])
async def test_only_a_whole_id_is_looked_for(run: str) -> None:
    with pytest.raises(UsageError):
        await find_copy((await _world()).world("lab"), run)


async def test_a_run_that_nobody_knows_is_named() -> None:
    with pytest.raises(UsageError, match="neither this machine nor a cluster knows run"):
        await find_copy((await _world()).world("lab"), new_run_id())


async def test_every_run_of_the_environment_is_listed_the_newest_first() -> None:
    runs = sorted(new_run_id() for _ in range(3))
    fake = await _world(*runs)
    copies = await list_copies(fake.world("lab"))
    assert [c.order.run for c in copies] == runs[::-1]
    assert await list_copies(fake.world("staging")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "0" * 64},
        {"plan": None},
        {"plan": {"steps": 7}},
        {"environment": 5},
        {"run": "01hzy0000000000000000000bb"},
        {"overridden": 7},
        {"platform": ["x"]},
    ],
)
async def test_an_order_that_was_planted_or_changed_is_no_run(change: dict[str, Any]) -> None:
    run = new_run_id()
    fake = await _world(run, order={**order_content(_order(run)), **change})
    with pytest.raises(UsageError):
        await find_copy(fake.world("lab"), run)


async def test_a_journal_of_another_plan_than_the_orders_is_no_run() -> None:
    run = new_run_id()
    other = replace(_order(run), plan=replace(PLAN, summary="Another plan"))
    fake = await _world(run, order=order_content(other))
    with pytest.raises(UsageError):
        await find_copy(fake.world("lab"), run)


async def test_a_run_of_another_environment_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    run = new_run_id()
    copy = await find_copy((await _world(run)).world("lab"), run)
    elsewhere = replace(copy, order=replace(copy.order, environment="prod"))
    with pytest.raises(ConfigurationError, match="of environment prod, not lab"):
        take_over(elsewhere, load(ROOT / "platform.yaml"))
    assert not list(tmp_path.rglob("journal*"))  # noqa: ASYNC240


async def test_a_copy_that_cannot_be_written_whole_leaves_nothing_and_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run_id()
    copy = await find_copy((await _world(run)).world("lab"), run)
    platform = load(ROOT / "platform.yaml")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(remote, "write_order", full)
        with pytest.raises(JournalError, match="No space left"):
            take_over(copy, platform)
    assert not list((tmp_path / "infctl" / "runs").iterdir())
    assert read_order(take_over(copy, platform)).run == run


async def test_labels_of_a_planted_object_do_not_hide_the_run() -> None:
    run = new_run_id()
    fake = await _world(run)
    planted = chunk_manifest(run, "lab", 9, {"r000001.99": "{}", ORDER: "[]"})
    planted["metadata"]["name"] = "planted"
    assert planted["metadata"]["labels"][RUN_LABEL] == run
    await fake.clusters["us-east-1"].create(planted)
    assert (await find_copy(fake.world("lab"), run)).records == _records(run)
