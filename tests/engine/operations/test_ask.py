import asyncio

import pytest
from one_run import one_run

from infctl.engine.operations.ask import Ask
from infctl.errors import ConfigurationError
from infctl.model.plan import Operation
from infctl.model.run import RunState

ARGS = {
    "question": "give traffic back?",
    "answers": ["yes", "no", "later"],
    "goes_on": ["yes"],
    "safe": "no",
    "deadline": 600,
}


def ask(**changes: object) -> Operation:
    return Operation("ask", {**ARGS, **changes})


async def test_a_run_waits_for_a_named_answer_and_says_so() -> None:
    run = one_run(ask(), timeout=3600)
    running = asyncio.create_task(run.carry())
    await run.until(running, lambda: run.records.view().state is RunState.WAITING_FOR_APPROVAL)
    run.answer("yes")
    assert await running == (RunState.COMPLETED, "")
    assert run.step().evidence == ("answered: yes",)


async def test_an_answer_that_does_not_go_on_ends_the_step_at_once() -> None:
    run = one_run(ask(), timeout=3600)
    run.answer("later")
    state, _ = await run.carry()
    assert state is RunState.FAILED
    assert run.fakes.clock.now < 1010


@pytest.mark.parametrize(("safe", "state"), [("no", "failed"), ("yes", "completed")])
async def test_at_its_deadline_the_safe_answer_is_taken(safe: str, state: str) -> None:
    run = one_run(ask(safe=safe), timeout=3600)
    assert str((await run.carry())[0]) == state
    assert 1600 <= run.fakes.clock.now <= 1605


async def test_an_answer_that_was_not_offered_counts_for_nothing() -> None:
    run = one_run(ask(), timeout=3600)
    run.answer("YES")
    assert (await run.carry())[0] is RunState.FAILED


async def test_two_questions_that_are_alike_are_never_mixed_up() -> None:
    run = one_run(ask(), ask(), timeout=3600)
    run.answer("yes")
    assert (await run.carry())[0] is RunState.FAILED
    assert "are alike" in run.step().evidence[0]


@pytest.mark.parametrize("changes", [{"safe": "maybe"}, {"goes_on": ["maybe"]}, {"answers": ["a"]}])
def test_what_is_safe_or_goes_on_must_be_offered(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        Ask().check(ask(**changes).args)
