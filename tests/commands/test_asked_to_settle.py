"""What the first Ctrl-C says that it asked for."""

import pytest

from infctl.commands.attend import asked_line
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView, StepState, StepView

DONE, RUNNING, WAITING = StepState.DONE, StepState.RUNNING, StepState.WAITING


def view(*states: StepState, **parameters: str) -> RunView:
    names = [f"step-{number}" for number in range(len(states))]
    steps = tuple(Step(name, Operation("wait_until")) for name in names)
    seen = tuple(StepView(name, state) for name, state in zip(names, states, strict=True))
    return RunView(run="r", plan=Plan("p", "p", "lab", steps, parameters=parameters), steps=seen)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (view(DONE, RUNNING, WAITING), "pause at the next step's edge; remaining: step-2"),
        (view(DONE, RUNNING), "pause, but step-1 is its last step: done, the run ends"),
        (view(RUNNING, RUNNING), "pause, but step-0, step-1 is its last step: done, the run ends"),
        (view(DONE, RUNNING, drill="failover"), "heal, undo and stop; remaining: nothing"),
    ],
)
def test_the_first_ctrl_c_in_the_last_step_says_that_the_run_ends(seen: RunView, said: str) -> None:
    assert asked_line(seen) == f"asked the run to {said}"
