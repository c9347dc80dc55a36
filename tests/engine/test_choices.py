"""B7 and B27: what a run does at each of twelve steps that fails, or meets another object."""

import pytest
from decided_run import Leave, Run
from toy_world import Toy
from twelve import STEPS, End, expected, twelve_steps

from infctl.engine.decisions import Verb
from infctl.errors import Refused
from infctl.executor.conclusion import exit_code
from infctl.model.plan import Step
from infctl.model.run import RunState

CHOICES = (Verb.RETRY, Verb.SKIP, Verb.UNGRACEFUL, Verb.UNDO)


def _refuse_once(toy: Toy, effect: str) -> None:
    left = [1]

    def refuse(what: str) -> None:
        if what == effect and left[0]:
            left[0] = 0
            raise Refused("a webhook says no")

    toy.hook = refuse


def _act(run: Run, number: int) -> str:
    args = run.plan.steps[number].operation.args
    return f"scale {args['region']} {args['replicas']}"


def _end(run: Run, state: RunState) -> End:
    letters = "".join(
        {"waiting": "w", "undone": "u"}.get(str(s.state), str(s.state)[0]) for s in run.view().steps
    )
    return End(state, exit_code(state, {}), dict(run.toy.replicas), letters)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("failing", range(STEPS))
async def test_b7_each_choice_at_each_failed_step_ends_as_the_model_says(
    failing: int, choice: Verb
) -> None:
    toy = Toy()
    run = Run(toy, await twelve_steps())
    _refuse_once(toy, _act(run, failing))
    task = run.start()
    view = await run.until(RunState.PAUSED_BY_FAILED_STEP)
    # Nothing is taken back or goes on by itself.
    assert toy.effects == [_act(run, n) for n in range(failing)]
    assert "a webhook says no" in view.reason
    run.decide(choice, "because")
    state, _ = await task
    assert _end(run, state) == expected(failing, str(choice))
    if choice is Verb.UNGRACEFUL:
        assert "is not known" in " ".join(run.view().steps[failing].evidence)


def test_b7_completed_with_exceptions_is_a_word_and_a_code_of_its_own() -> None:
    codes = {state: exit_code(state, {}) for state in RunState}
    same = [s for s, code in codes.items() if code == codes[RunState.COMPLETED_WITH_EXCEPTIONS]]
    assert same == [RunState.COMPLETED_WITH_EXCEPTIONS]
    assert codes[RunState.COMPLETED_WITH_EXCEPTIONS] == 3


class Meddling(Leave):
    """Changes the object between the look and the act of one step."""

    def __init__(self, toy: Toy, step: str, region: str) -> None:
        super().__init__()
        self.toy, self.step, self.region = toy, step, region

    async def publish(self, step: Step) -> None:
        if step.id == self.step:
            self.toy.replicas[self.region] = 9


@pytest.mark.parametrize("number", range(STEPS))
async def test_b27_an_object_changed_before_any_of_twelve_acts_stops_the_run_there(
    number: int,
) -> None:
    toy = Toy()
    run = Run(toy, await twelve_steps())
    step = run.plan.steps[number]
    region = str(step.operation.region)
    run.leave = Meddling(toy, step.id, region)
    task = run.start()
    view = await run.until(RunState.PAUSED_BY_CONFLICT)
    assert view.steps[number].conflict
    assert toy.replicas[region] == 9
    assert toy.effects == [_act(run, n) for n in range(number)]
    run.decide(Verb.STOP)
    await task
    assert toy.replicas[region] == 9
