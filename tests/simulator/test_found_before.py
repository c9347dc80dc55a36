"""Scenarios in which the simulator found the engine wrong, kept so that it stays right."""

import pytest

from infctl.engine.operations import find
from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.simulator.environment import platform
from infctl.simulator.scenario import Interruption, Scenario
from infctl.simulator.simulation import simulate


@pytest.mark.parametrize("moment", range(3, 12))
def test_a_run_that_is_paused_before_a_step_is_tried_again_is_not_called_completed(
    moment: int,
) -> None:
    name = platform().service.name
    # No autoscaler ever takes it up here: every attempt fails.
    args = {"region": "eu-west-1", "namespace": name, "name": f"{name}-stable"}
    operation = Operation("resume_autoscaling", args, region="eu-west-1")
    assert find(operation.kind, operation.version).changes
    step = Step("resume", operation, timeout=3.0, max_attempts=2)
    plan = Plan("one", "", "simulated", (step,), BlastRadius(("eu-west-1",)))
    found = simulate(Scenario(1, plan, interruptions=(Interruption("pause", moment),)))
    assert found.trace.violations == []
    assert found.jobs[0].state == "completed_with_exceptions"
    assert found.trace.decided["pause"] == 1
