"""start_load: shapes, countries and workers of a plan, refused or handed on as they stand."""

import math
from pathlib import Path
from typing import Any

import pytest
from one_run import one_run

from infctl.engine.operations.start_load import StartLoad
from infctl.errors import ConfigurationError
from infctl.fakes.load import Reply
from infctl.fakes.world import fake_world
from infctl.model.plan import Operation
from infctl.model.run import RunState

ENDPOINT = "vision.infctl.test:8080"
RAMP = {"kind": "ramp", "peak": 40, "over": 10}
REPLAY = {"kind": "replay", "source": "/srv/requests.sqlite"}


def args(**more: Any) -> dict[str, Any]:
    usual = {"step": "s1", "endpoint": ENDPOINT, "users": 4, "rate": 10, "timeout": 2}
    return {**usual, "log": "requests.jsonl", **more}


@pytest.mark.parametrize(
    ("given", "touched"),
    [
        (args(), "10 a second"),
        (args(shape={"kind": "steady"}), "10 a second"),
        (args(shape=RAMP, countries={"DE": 2, "US": 1}, workers=2), "up to 40 a second"),
        (args(shape={"kind": "diurnal", "peak": 2, "over": 60}), "up to 10 a second"),
        (args(shape=REPLAY), "those of a recorded log"),
    ],
)
def test_a_load_says_how_much_it_sends(given: dict[str, Any], touched: str) -> None:
    StartLoad().check(given)
    assert StartLoad().touches(given) == (f"requests to {ENDPOINT}: {touched}",)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"shape": {"kind": "ramp"}}, "`shape` must be for ramp a mapping with peak"),
        ({"shape": {**RAMP, "peak": math.inf}}, "`shape` must be"),
        ({"shape": "ramp"}, "`shape` must be a mapping"),
        ({"countries": {"Germany": 1}}, "`countries` must be"),
        ({"countries": {"DE": -1}}, "`countries` must be"),
        ({"workers": 0}, "`workers` must be a whole number"),
        ({"workers": 17}, "`workers` must be a whole number"),
        ({"workers": True}, "`workers` must be a whole number"),
    ],
)
def test_a_hostile_load_is_refused_by_name(more: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        StartLoad().check(args(**more))
    assert told in caught.value.what


async def test_a_plans_shape_and_countries_reach_the_clients(tmp_path: Path) -> None:
    fakes = fake_world()
    fakes.load.reply = lambda: Reply("eu-west-1", "192.0.2.1")
    start = Operation("start_load", args(shape=RAMP, countries={"DE": 3, "US": 1}))
    run = one_run(start, fakes=fakes, folder=tmp_path)
    state, said = await run.carry()
    assert state is RunState.COMPLETED, said
    await fakes.clock.sleep(20)
    records = fakes.load.read(tmp_path / "requests.jsonl")
    assert {r.country for r in records} == {"DE", "US"}
    began = records[0].started
    early = sum(r.started - began < 2 for r in records)
    late = sum(12 <= r.started - began < 14 for r in records)
    assert late > 2 * early
