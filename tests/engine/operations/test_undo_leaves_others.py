"""What somebody else did to the same thing meanwhile is never taken back with what a run did."""

import json
from dataclasses import replace
from typing import Any

import pytest
from one_run import OneRun, one_run
from subjects import REGION, SPACE, build, cluster_of

from infctl.engine.holding import SCALE_IN
from infctl.engine.operations import find
from infctl.engine.undo import Undoing
from infctl.errors import Unreachable
from infctl.fakes.store import FakeStore
from infctl.fakes.world import FakeWorld
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cluster import DEPLOYMENT, SCALED_OBJECT

KEEPERS = {"us-east-1": "switches-us", "ap-south-1": "switches-ap"}
KEY = f"off/{REGION}"


async def _done(fakes: FakeWorld, kind: str, **args: Any) -> OneRun:
    run = one_run(Operation(kind, {"region": REGION, **args}, region=REGION), fakes=fakes)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    return run


async def _take_back(run: OneRun) -> list[str]:
    return await Undoing(run.context, run.records).run(run.records.view())


async def _switched_off() -> tuple[FakeWorld, OneRun]:
    fakes = await build()
    for keeper, bucket in KEEPERS.items():
        fakes.stores[keeper].content[bucket] = {}
    return fakes, await _done(fakes, "switch_region_off", keepers=KEEPERS, key=KEY, reason="why")


async def test_a_region_that_another_run_switched_off_too_stays_off() -> None:
    fakes, run = await _switched_off()
    theirs = json.dumps({"run": "another", "who": "bob"}).encode()
    fakes.stores["us-east-1"].content["switches-us"][KEY] = theirs
    (left,) = await _take_back(run)
    assert "was switched off at us-east-1 by another since" in left
    assert fakes.stores["us-east-1"].content["switches-us"] == {KEY: theirs}
    assert KEY in fakes.stores["ap-south-1"].content["switches-ap"]


async def test_a_keeper_that_did_not_say_whose_switch_it_holds_keeps_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fakes, run = await _switched_off()
    fakes.stores["us-east-1"].content["switches-us"][KEY] = b"theirs"
    real = FakeStore.get

    async def get(store: FakeStore, bucket: str, key: str) -> bytes | None:
        if store.region == "us-east-1":
            raise Unreachable("no answer")
        return await real(store, bucket, key)

    monkeypatch.setattr(FakeStore, "get", get)
    args = {**run.first.args, "ours": True}
    await find("switch_region_on", 1).apply(run.context, Operation("switch_region_on", args), "k")
    assert fakes.stores["us-east-1"].content["switches-us"] == {KEY: b"theirs"}
    assert fakes.stores["ap-south-1"].content["switches-ap"] == {}


async def test_a_region_that_this_run_alone_switched_off_comes_back() -> None:
    fakes, run = await _switched_off()
    assert await _take_back(run) == []
    assert all(fakes.stores[k].content[b] == {} for k, b in KEEPERS.items())


async def test_what_was_said_of_scaling_in_before_a_hold_is_said_again() -> None:
    fakes = await build()
    said = {SCALE_IN: "false"}
    patch = {"metadata": {"annotations": said}}
    await cluster_of(fakes).merge(SCALED_OBJECT, "web", SPACE, patch)
    run = await _done(fakes, "hold_replicas", namespace=SPACE, name="web")
    assert await _take_back(run) == []
    found = await cluster_of(fakes).read(SCALED_OBJECT, "web", SPACE)
    assert found is not None
    assert found["metadata"]["annotations"] == said


async def _made_anew(fakes: FakeWorld) -> None:
    """A namesake that wants as many."""
    cluster = cluster_of(fakes)
    found = await cluster.read(DEPLOYMENT, "web", SPACE)
    assert found is not None
    await cluster.delete(DEPLOYMENT, "web", SPACE)
    metadata = {"name": "web", "namespace": SPACE}
    await cluster.apply_as("kubectl", {**found, "metadata": metadata})


async def test_a_deployment_that_was_made_anew_is_not_scaled_back() -> None:
    fakes = await build()
    run = await _done(fakes, "scale_deployment", namespace=SPACE, name="web", replicas=5)
    await _made_anew(fakes)
    (left,) = await _take_back(run)
    assert "was deleted and made anew" in left
    found = await cluster_of(fakes).read(DEPLOYMENT, "web", SPACE)
    assert found is not None
    assert found["spec"]["replicas"] == 5


async def test_a_number_alone_in_the_journal_of_the_first_release_is_enough() -> None:
    fakes = await build()
    run = await _done(fakes, "scale_deployment", namespace=SPACE, name="web", replicas=5)
    handler, view = find("scale_deployment", 1), run.records.view()
    undo = handler.undo(2, run.first.args)
    assert undo is not None
    promised = {**view.steps[0].undo, "args": undo.args}
    old = replace(view, steps=(replace(view.steps[0], before=2, undo=promised),))
    assert await Undoing(run.context, run.records).run(old) == []
    found = await cluster_of(fakes).read(DEPLOYMENT, "web", SPACE)
    assert found is not None
    assert found["spec"]["replicas"] == 2
    now = await handler.observe(run.context, run.first.args)
    assert handler.restored(2, now, run.first.args)
    assert not handler.restored(3, now, run.first.args)
