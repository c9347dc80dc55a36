"""A keeper that is silent says nothing of its switch: not as before, and not as wanted either."""

from typing import Any

import pytest
from one_run import OneRun, one_run
from subjects import REGION, build

from infctl.engine import switches
from infctl.engine.operations import find
from infctl.engine.undo import Undoing
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.outcome import Word
from infctl.model.plan import Operation
from infctl.model.run import RunState

KEEPERS = {"us-east-1": "switches-us", "ap-south-1": "switches-ap"}
KEY = f"off/{REGION}"
OFF = Operation("switch_region_off", {"region": REGION, "keepers": KEEPERS, "key": KEY})


async def _world(held: bool = False) -> FakeWorld:
    fakes = await build()
    for keeper, bucket in KEEPERS.items():
        fakes.stores[keeper].content[bucket] = {KEY: b"{}"} if held else {}
    return fakes


def _silence(fakes: FakeWorld, *keepers: str, mood: Mood = Mood.SILENT) -> None:
    for keeper in keepers:
        fakes.stores[keeper].endpoint.mood = mood


async def _take_back(run: OneRun) -> list[str]:
    return await Undoing(run.context, run.records).run(run.records.view())


async def test_a_switch_that_nobody_could_read_twice_is_not_as_before() -> None:
    fakes = await _world()
    _silence(fakes, *KEEPERS)
    run = one_run(OFF, fakes=fakes)

    async def answer() -> None:
        _silence(fakes, *KEEPERS, mood=Mood.ANSWERING)

    run.meanwhile = answer
    assert (await run.carry())[0] is RunState.COMPLETED
    assert run.step().before == dict.fromkeys(KEEPERS)
    _silence(fakes, *KEEPERS)
    (left,) = await _take_back(run)
    assert "not taken back within" in left
    assert all(KEY in fakes.stores[k].content[b] for k, b in KEEPERS.items())


async def test_what_was_never_read_before_is_named_when_the_rest_is_taken_back() -> None:
    fakes = await _world()
    _silence(fakes, "ap-south-1")
    run = one_run(OFF, fakes=fakes)

    async def answer() -> None:
        _silence(fakes, "ap-south-1", mood=Mood.ANSWERING)

    run.meanwhile = answer
    assert (await run.carry())[0] is RunState.COMPLETED
    (left,) = await _take_back(run)
    assert left == "s1: what ap-south-1 held of the switch before was never read"
    assert all(fakes.stores[k].content[b] == {} for k, b in KEEPERS.items())


async def test_a_keeper_that_is_silent_for_a_moment_is_asked_again() -> None:
    fakes = await _world()
    run = one_run(OFF, fakes=fakes)
    assert (await run.carry())[0] is RunState.COMPLETED
    fakes.stores["us-east-1"].content["switches-us"].clear()
    _silence(fakes, "ap-south-1")
    left = find(OFF.kind, OFF.version)
    assert (await left.untouched(run.context, OFF)).word is Word.ERRORED
    _silence(fakes, "ap-south-1", mood=Mood.ANSWERING)
    assert await _take_back(run) == []
    assert fakes.stores["ap-south-1"].content["switches-ap"] == {}


@pytest.mark.parametrize(
    ("before", "now", "restored"),
    [
        ({"a": False, "b": True}, {"a": False, "b": True}, True),
        ({"a": False, "b": True}, {"a": True, "b": True}, False),
        ({"a": False, "b": True}, {"a": False, "b": None}, False),
        ({"a": None, "b": None}, {"a": None, "b": None}, False),
        ({"a": None, "b": True}, {"a": False, "b": True}, True),
        ({"a": None, "b": True}, {"a": True, "b": True}, False),
    ],
)
def test_only_what_every_keeper_said_counts(before: Any, now: Any, *, restored: bool) -> None:
    assert switches.restored(before, now) is restored
