"""Runs of other machines stand in the way as those of this one do, until their copies are over."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infctl.engine.journal import adopt_records
from infctl.engine.mirror import ENVIRONMENT_LABEL, ORDER, chunk_manifest, chunks
from infctl.executor.elsewhere import prune, publish, unfinished
from infctl.executor.folders import make_folder, new_run_id
from infctl.executor.order import Order, order_content, write_order
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.fence import SYSTEM
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.ports.cluster import CONFIG_MAP

PLAN = Plan("p", "Move traffic away", "lab", (Step("a", Operation("wait_steady")),))
DEADLINE = 1.0


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def _order(run: str) -> Order:
    return Order(run, PLAN, Path("/elsewhere/platform.yaml"), "lab", "ada@other")


def _records(run: str, *, is_over: bool) -> tuple[Record, ...]:
    content: list[tuple[Kind, Any, Any]] = [
        (Kind.PLAN, PLAN.to_json(), None),
        (Kind.LEASE, {"pid": 7, "host": "other"}, None),
    ]
    if is_over:
        content.append((Kind.HEAD, None, {"state": "completed", "exit": 0}))
    found: list[Record] = []
    for kind, args, result in content:
        prev = found[-1].digest if found else GENESIS
        found.append(
            Record(
                VERSION, len(found) + 1, prev, run, PLAN.digest, None, 0, str(kind), 3,
                "ada@other", 5.0, 5.0, "", None, args, result, None,
            )
        )  # fmt: skip
    return tuple(found)


async def _world(**runs: bool) -> FakeWorld:
    """Copies of runs in one region; the value says whether the run is over."""
    import json

    fake = fake_world()
    for cluster in fake.clusters.values():
        await cluster.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}
        )
    cluster = fake.clusters["eu-west-1"]
    for run, is_over in runs.items():
        for number, data in chunks(_records(run, is_over=is_over)).items():
            text = json.dumps(order_content(_order(run)))
            await cluster.create(chunk_manifest(run, "lab", number, {ORDER: text, **data}))
    return fake


async def test_an_open_run_of_another_machine_is_named_with_what_settles_it() -> None:
    run = new_run_id()
    world = (await _world(**{run: False})).world("lab")
    found, unread = await unfinished(world, {}, DEADLINE)
    assert not unread
    assert "of ada@other on other (pid " in found[run]
    assert "is running by its copy, begun " in found[run]
    assert f"infctl runs attach {run}" in found[run]


async def test_a_run_that_was_ended_elsewhere_is_not_open_here_any_more() -> None:
    run, other = new_run_id(), new_run_id()
    world = (await _world(**{run: True})).world("lab")
    here = {run: "in doubt here", other: "of this machine"}
    found, _ = await unfinished(world, here, DEADLINE)
    assert found == {other: "of this machine"}


async def test_where_no_cluster_answers_this_machines_own_runs_count() -> None:
    fake = await _world(**{new_run_id(): False})
    for region in fake.clusters:
        fake.silence(region)
    found, unread = await unfinished(fake.world("lab"), {"x": "y"}, DEADLINE)
    assert found == {"x": "y"}
    assert unread.startswith("no cluster answers: ")


async def test_a_run_that_was_abandoned_here_stands_in_nobodys_way() -> None:
    run = new_run_id()
    fake = await _world(**{run: False})
    folder = make_folder(run)
    write_order(folder, replace(_order(run)))
    adopt_records(folder, _records(run, is_over=True))
    world = fake.world("lab")
    assert await unfinished(world, {}, DEADLINE) == ({}, "")
    assert await publish(world, folder)
    folder.rename(folder.parent / "moved")
    assert await unfinished(world, {}, DEADLINE) == ({}, "")


async def _copied(fake: FakeWorld) -> list[Any]:
    return [await cluster.list(CONFIG_MAP, SYSTEM) for cluster in fake.clusters.values()]


@pytest.mark.parametrize("wrote_on", [False, True])
async def test_the_end_of_a_run_that_no_cluster_heard_is_told_by_the_next_command(
    wrote_on: bool,
) -> None:
    run = new_run_id()
    fake = await _world(**{run: False})
    folder = make_folder(run)
    write_order(folder, _order(run))
    adopt_records(folder, _records(run, is_over=True))
    if wrote_on:
        taken = replace(_records(run, is_over=True)[-1], kind="lease", args={}, fence=9)
        for number, data in chunks([taken]).items():
            name = f"infctl-run-{run}-{number}"
            patch = {"data": data}
            await fake.clusters["eu-west-1"].merge(CONFIG_MAP, name, SYSTEM, patch)
    world = fake.world("lab")
    before = await _copied(fake)
    assert await unfinished(world, {}, DEADLINE) == ({}, "")
    # Whoever carried it on tells its end.
    assert (await _copied(fake) == before) is wrote_on
    folder.rename(folder.parent / "another-machine")
    found, _ = await unfinished(world, {}, DEADLINE)
    assert bool(found) is wrote_on


async def test_only_runs_that_are_long_over_lose_their_copies() -> None:
    runs = sorted(new_run_id() for _ in range(6))
    fake = await _world(**{run: number != 0 for number, run in enumerate(runs)})
    await prune(fake.world("lab"), keep=2)
    selector = f"{ENVIRONMENT_LABEL}=lab"
    left = await fake.clusters["eu-west-1"].list(CONFIG_MAP, SYSTEM, selector)
    names = {each["metadata"]["labels"]["infctl.dev/run"] for each in left}
    assert names == {runs[0], *runs[-2:]}
