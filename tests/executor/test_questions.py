import pytest

from infctl.errors import UsageError
from infctl.executor.watch import question_of
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView, StepState, StepView

ASK = Operation("ask", {"answers": ["yes", "no"]})
JUDGE = Operation("judge", {"signals": {"errors": {}, "p99": {}}, "on_blind": "continue_after_ack"})
STRICT = Operation("judge", {"signals": {"errors": {}}})


def view(*pairs: tuple[Operation, StepState]) -> RunView:
    steps = tuple(Step(f"s{n}", operation) for n, (operation, _) in enumerate(pairs, 1))
    seen = tuple(StepView(f"s{n}", state=state) for n, (_, state) in enumerate(pairs, 1))
    return RunView(run="r", plan=Plan("p", "p", "lab", steps), steps=seen)


def test_an_answer_goes_to_the_one_step_that_asks() -> None:
    found = view((ASK, StepState.DONE), (ASK, StepState.RUNNING))
    assert question_of(found, "", "yes") == "s2"


@pytest.mark.parametrize("state", [StepState.RUNNING, StepState.FAILED])
@pytest.mark.parametrize("words", ["without errors", "without p99, errors"])
def test_a_judgement_goes_on_without_evidence_that_is_named(state: StepState, words: str) -> None:
    assert question_of(view((JUDGE, state)), "", words) == "s1"


@pytest.mark.parametrize(
    ("found", "step", "answer"),
    [
        (view((ASK, StepState.RUNNING)), "", "YES"),
        (view((ASK, StepState.RUNNING)), "s2", "yes"),
        (view((ASK, StepState.FAILED)), "", "yes"),
        (view((ASK, StepState.RUNNING), (ASK, StepState.RUNNING)), "", "yes"),
        (view((JUDGE, StepState.FAILED)), "", "yes"),
        (view((JUDGE, StepState.FAILED)), "", "without latency"),
        (view((JUDGE, StepState.FAILED)), "", "without "),
        (view((JUDGE, StepState.DONE)), "", "without errors"),
        (view((STRICT, StepState.FAILED)), "", "without errors"),
        (RunView(run="r"), "", "yes"),
    ],
)
def test_an_answer_to_nothing_or_of_other_words_is_refused(
    found: RunView, step: str, answer: str
) -> None:
    with pytest.raises(UsageError):
        question_of(found, step, answer)
