"""The failover drill's plan, in both modes."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_facts import facts_at

from infctl.drills.failover import FAULT_TTL, Mode, Settings, plan
from infctl.engine.operations import find

REGION = "eu-west-1"


def test_region_loss_kills_waits_heals_and_comes_back() -> None:
    found = plan(facts_at(0.0), Settings(REGION))
    assert [s.id for s in found.steps] == [
        *("start-load", "steady", "fault", "recovered", "heal", "region-ready", "in-answers"),
        *("steady-again", "stop-load"),
    ]
    fault = found.step("fault").operation.args
    assert (fault["fault_kind"], fault["target"]) == ("kill", "region/eu-west-1")
    assert fault["ttl"] == FAULT_TTL
    assert found.parameters["fault_step"] == "fault"
    assert found.parameters["bound_seconds"] == 52.0


def test_operated_moves_traffic_with_the_runbooks_switch() -> None:
    found = plan(facts_at(0.0), Settings(REGION, "operated"))
    assert [s.id for s in found.steps] == [
        *("start-load", "steady", "switch-off", "recovered", "region-ready", "switch-on"),
        *("in-answers", "steady-again", "stop-load"),
    ]
    assert found.parameters["fault_step"] == "switch-off"
    assert found.parameters["bound_seconds"] == 32.0


def test_operated_scales_up_before_and_down_after() -> None:
    found = plan(facts_at(250.0), Settings(REGION, "operated"))
    up = [s for s in found.steps if s.id.startswith("scale-")]
    down = [s for s in found.steps if s.id.startswith("unscale-")]
    held = [found.step(s.id.replace("scale-", "hold-")) for s in up]
    assert [s.after for s in held] == [("steady",), ("steady",)]
    assert [s.after for s in up] == [(s.id,) for s in held]
    freed = [s for s in found.steps if s.operation.kind == "release_replicas"]
    assert [(s.after, s.reverts, s.always) for s in freed] == [
        ((down.id,), hold.id, True) for down, hold in zip(down, held, strict=True)
    ]
    assert {s.operation.args["replicas"] for s in down} == {2}
    assert all(s.always for s in down)


@pytest.mark.parametrize("mode", ["region-loss", "operated"])
def test_whatever_hurts_is_healed_whatever_happens(mode: Mode) -> None:
    found = plan(facts_at(250.0), Settings(REGION, mode))
    healing = {"heal_fault", "switch_region_on", "stop_load"}
    assert all(s.always for s in found.steps if s.operation.kind in healing)
    for step in found.steps:
        handler = find(step.operation.kind, step.operation.version)
        assert handler.heals or handler.reversible or not handler.changes


@pytest.mark.parametrize("mode", ["region-loss", "operated"])
def test_every_step_comes_after_known_steps(mode: Mode) -> None:
    found = plan(facts_at(250.0), Settings(REGION, mode))
    known: set[str] = set()
    for step in found.steps:
        assert set(step.after) <= known | {s.id for s in found.steps}
        known.add(step.id)
    assert len(known) == len(found.steps)


def test_the_command_lines_load_wins_over_the_files() -> None:
    usual = plan(facts_at(0.0), Settings(REGION)).step("start-load").operation.args
    assert (usual["rate"], usual["users"]) == (60.0, 30)
    own = plan(facts_at(0.0), Settings(REGION, rate=90.0, users=9)).step("start-load")
    assert (own.operation.args["rate"], own.operation.args["users"]) == (90.0, 9)


@pytest.mark.parametrize(("rate", "users", "seconds"), [(60.0, 30, 7.5), (10.0, 30, 14.0)])
def test_nothing_is_given_back_before_the_recovery_can_be_measured(
    rate: float, users: int, seconds: float
) -> None:
    found = plan(facts_at(0.0), Settings(REGION, "operated", rate, users))
    measured = max(found.parameters["settle"], 3 * users / rate)
    waited = found.step("recovered").operation.args["settle"]
    assert waited == seconds
    assert waited > measured + users / rate
