"""Undo of plans that remove an object and change it in other steps: an heir stands in its place."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from one_run import RUN, OneRun, one_run
from subjects import REGION, SPACE, build, cluster_of, picture

from infctl.engine.decisions import Decision, Verb
from infctl.engine.fencing import fenced
from infctl.engine.operations.apply_object import ApplyObject
from infctl.errors import Unreachable
from infctl.fakes.world import FakeWorld
from infctl.model.fence import FENCE
from infctl.model.fence import RUN as STAMP
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cluster import CONFIG_MAP, HTTP_ROUTE, Object

PLACE = {"region": REGION, "namespace": SPACE}
Hand = Callable[[FakeWorld], Awaitable[Any]]


def _map(**data: str) -> Object:
    metadata = {"name": "limits", "namespace": SPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _on(what: str, /, **args: Any) -> Operation:
    return Operation(what, {"region": REGION, **args}, region=REGION)


def _removed(kind: str = "ConfigMap", version: str = "v1", name: str = "limits") -> Operation:
    return _on("remove_object", namespace=SPACE, api_version=version, kind=kind, name=name)


ACTS = {
    "apply": _on("apply_object", manifest=_map(most="9", new="x"), force=True),
    "other": _on("apply_object", manifest=_map(least="3"), force=True),
    "remove": _removed(),
}


def _fenced_run(fakes: FakeWorld, *operations: Operation) -> OneRun:
    """As an executor runs it: every write carries the run's stamp."""
    run = one_run(*operations, fakes=fakes)
    _renew(run)
    return run


def _renew(run: OneRun) -> None:
    world = run.fakes.world()
    clusters = fenced(run.fakes.clusters, 1, RUN, run.fakes.clock, lambda _: None)
    run.context = replace(run.context, world=replace(world, clusters=clusters))


async def _take_back(run: OneRun) -> tuple[RunState, str]:
    _renew(run)
    run.decisions.put(Decision(Verb.UNDO, by="somebody"))
    return await run.carry()


def _plain(fakes: FakeWorld) -> dict[str, Any]:
    """What people wrote, without the stamps of runs."""
    found = picture(fakes)
    for name, value in found.items():
        if name != "records":
            notes = value["annotations"].items()
            value["annotations"] = {k: v for k, v in notes if k not in (FENCE, STAMP)}
    return found


@pytest.mark.parametrize(
    "words", [w for n in (2, 3, 4) for w in itertools.product(ACTS, repeat=n)], ids="-".join
)
async def test_whatever_a_plan_applies_and_removes_is_taken_back_exactly(
    words: tuple[str, ...],
) -> None:
    fakes = await build()
    before = _plain(fakes)
    run = _fenced_run(fakes, *(ACTS[w] for w in words))
    assert (await run.carry())[0] is RunState.COMPLETED
    assert await _take_back(run) == (RunState.ROLLED_BACK, "taken back: asked by somebody")
    assert _plain(fakes) == before


async def test_a_route_that_was_changed_and_removed_gets_its_weights_back() -> None:
    fakes = await build()
    before = _plain(fakes)
    weights = {"stable": 1, "canary": 3}
    run = _fenced_run(
        fakes,
        _on("set_route_weights", namespace=SPACE, name="web", weights=weights),
        _removed(HTTP_ROUTE.kind, HTTP_ROUTE.api_version, "web"),
    )
    assert (await run.carry())[0] is RunState.COMPLETED
    assert (await _take_back(run))[0] is RunState.ROLLED_BACK
    assert _plain(fakes) == before


@pytest.mark.parametrize("lost", [1, 2])
async def test_an_undo_whose_reply_is_lost_is_read_back(
    lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = await build()
    before = _plain(fakes)
    run = _fenced_run(fakes, ACTS["apply"], ACTS["remove"])
    await run.carry()
    real, calls = ApplyObject.apply, itertools.count(1)

    async def lossy(*given: Any) -> Any:
        result = await real(*given)
        if next(calls) == lost:
            raise Unreachable("the reply was lost")
        return result

    monkeypatch.setattr(ApplyObject, "apply", lossy)
    assert (await _take_back(run))[0] is RunState.ROLLED_BACK
    assert _plain(fakes) == before


async def _made_by_others(fakes: FakeWorld) -> None:
    await cluster_of(fakes).apply_as("kubectl", _map(most="9", new="x", least="1"))


async def _copied_by_others(fakes: FakeWorld) -> None:
    """As kubectl writes back what it read, our stamps included."""
    manifest = _map(most="9", new="x", least="1")
    manifest["metadata"]["annotations"] = {FENCE: "1", STAMP: RUN}
    await cluster_of(fakes).apply_as("kubectl", manifest)


@pytest.mark.parametrize("hand", [_made_by_others, _copied_by_others])
async def test_what_others_made_in_its_place_is_left_as_it_is_and_named(hand: Hand) -> None:
    fakes = await build()
    run = _fenced_run(fakes, ACTS["apply"], ACTS["remove"])
    await run.carry()
    await hand(fakes)
    theirs = _plain(fakes)
    state, reason = await _take_back(run)
    assert state is RunState.FAILED
    assert "s1: " in reason
    assert "s2: " in reason
    assert _plain(fakes) == theirs


async def _written_to(fakes: FakeWorld) -> None:
    await cluster_of(fakes).apply_as("kubectl", _note(theirs="1"))


async def _made_anew(fakes: FakeWorld) -> None:
    await cluster_of(fakes).delete(CONFIG_MAP, "note", SPACE)
    await cluster_of(fakes).apply_as("kubectl", _note(text="ours"))


async def _by_another_run(fakes: FakeWorld) -> None:
    clusters = fenced(fakes.clusters, 2, "another", fakes.clock, lambda _: None)
    await clusters[REGION].merge(CONFIG_MAP, "note", SPACE, {"data": {"more": "2"}})


def _note(**data: str) -> Object:
    manifest = _map(**data)
    manifest["metadata"]["name"] = "note"
    return manifest


@pytest.mark.parametrize("hand", [_written_to, _made_anew, _by_another_run])
async def test_what_a_plan_made_goes_only_where_nobody_else_wrote_to_it(hand: Hand) -> None:
    fakes = await build()
    run = _fenced_run(fakes, _on("apply_object", manifest=_note(text="ours")))
    await run.carry()
    await hand(fakes)
    theirs = _plain(fakes)
    state, reason = await _take_back(run)
    assert state is RunState.FAILED
    assert "left over: s1: eu-west-1: ConfigMap vision/note was changed by" in reason
    assert _plain(fakes) == theirs


async def test_what_others_make_right_before_it_is_put_back_stays_theirs() -> None:
    fakes = await build()
    run = _fenced_run(fakes, ACTS["remove"])
    await run.carry()

    async def make() -> None:
        await cluster_of(fakes).apply_as("kubectl", _map(theirs="1"))

    run.meanwhile = make
    state, reason = await _take_back(run)
    assert state is RunState.FAILED
    assert "was made by somebody else since" in reason
    found = await cluster_of(fakes).read(CONFIG_MAP, "limits", SPACE)
    assert found is not None
    assert found["data"] == {"theirs": "1"}


@pytest.mark.parametrize("hand", [_made_by_others, _copied_by_others])
async def test_who_made_an_heir_anew_is_not_taken_for_us(hand: Hand) -> None:
    """Between the undo of the removal and that of the step before it."""
    fakes = await build()
    run = _fenced_run(fakes, ACTS["apply"], ACTS["remove"])
    await run.carry()
    hands: list[dict[str, Any]] = []

    async def replace_heir() -> None:
        cluster = cluster_of(fakes)
        if not hands and await cluster.read(CONFIG_MAP, "limits", SPACE):
            await cluster.delete(CONFIG_MAP, "limits", SPACE)
            await hand(fakes)
            hands.append(_plain(fakes))

    run.meanwhile = replace_heir
    state, reason = await _take_back(run)
    assert state is RunState.FAILED
    assert "left over: s1: " in reason
    assert _plain(fakes) == hands[0]
