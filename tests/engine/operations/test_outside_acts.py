"""Notices, incidents, calls and programs: sent once, read back, taken back as the plan says."""

from typing import Any

import pytest
from one_run import RUN, OneRun, make_namespaces, one_run
from test_push_config import STOPS

from infctl.engine.operations.call_http import CallHttp
from infctl.engine.operations.run_command import RunCommand
from infctl.errors import ConfigurationError, Unreachable
from infctl.fakes.endpoint import Mood
from infctl.model.plan import Operation
from infctl.model.run import RunState, StepState
from infctl.ports.cluster import CONFIG_MAP

REGIONS = ["us-east-1", "eu-west-1"]
NOTIFY = {"route": "on-call", "title": "moved", "text": "eu-west-1 is off"}
OPEN = {"regions": REGIONS, "title": "eu-west-1 is gone", "severity": "critical", "text": "why"}
CALL = {
    "endpoint": "billing",
    "method": "PUT",
    "path": "/switch",
    "body": "off",
    "expected": [200],
    "read_back": {"path": "/switch", "expected": [200], "contains": "off"},
    "undo": {
        "endpoint": "billing",
        "method": "DELETE",
        "path": "/switch",
        "expected": [200],
        "read_back": {"path": "/switch", "expected": [404]},
    },
}
BLIND_CALL = {k: v for k, v in CALL.items() if k != "read_back"}
RUN_ARGS = {"program": "echo", "arguments": ["a", "$(id)"]}


async def incidents(run: OneRun, region: str) -> list[dict[str, str]]:
    found = await run.fakes.clusters[region].list(CONFIG_MAP, "infctl-system")
    return [dict(o["data"]) for o in found]


async def test_a_notice_is_sent_once_with_the_steps_key() -> None:
    run = one_run(Operation("notify", NOTIFY))
    assert await run.carry() == (RunState.COMPLETED, "")
    ((route, key),) = run.fakes.notices.taken
    assert (route, key) == ("on-call", f"{RUN}/s1")


async def test_a_route_that_is_silent_keeps_no_run_waiting_unless_the_notice_must_arrive() -> None:
    run = one_run(Operation("notify", NOTIFY), Operation("notify", {**NOTIFY, "title": "2"}))
    run.fakes.notices.routes["on-call"].mood = Mood.SILENT
    assert await run.carry() == (RunState.COMPLETED, "")
    assert len(run.fakes.notices.outbox) == 2
    strict = one_run(Operation("notify", {**NOTIFY, "must_arrive": True}), timeout=5)
    strict.fakes.notices.routes["on-call"].mood = Mood.SILENT
    assert (await strict.carry())[0] is RunState.FAILED


async def test_an_incident_is_on_record_in_every_region_that_answers_and_undo_closes_it() -> None:
    run = one_run(Operation("open_incident", OPEN), Operation("ask", STOPS))
    await make_namespaces(run.fakes)
    run.fakes.silence("eu-west-1")
    state, _ = await run.carry("undo")
    assert state is RunState.ROLLED_BACK
    (found,) = await incidents(run, "us-east-1")
    assert (found["state"], found["reason"]) == ("closed", "the run was taken back")
    assert found["run"] == RUN


async def test_an_incident_opened_by_two_executors_of_a_run_is_one() -> None:
    run = one_run(Operation("open_incident", OPEN))
    await make_namespaces(run.fakes)
    assert (await run.carry())[0] is RunState.COMPLETED
    again = one_run(Operation("open_incident", OPEN), fakes=run.fakes)
    assert (await again.carry())[0] is RunState.COMPLETED
    assert len(await incidents(run, "eu-west-1")) == 1


async def test_when_no_region_answers_no_incident_is_claimed() -> None:
    run = one_run(Operation("open_incident", OPEN), timeout=5)
    for region in REGIONS:
        run.fakes.silence(region)
    assert (await run.carry())[0] is RunState.FAILED


async def test_a_call_is_made_once_read_back_and_taken_back() -> None:
    run = one_run(Operation("call_http", CALL), Operation("ask", STOPS))
    assert (await run.carry("undo"))[0] is RunState.ROLLED_BACK
    acts = [(c.method, c.key) for c in run.fakes.http.calls if c.method != "GET"]
    assert acts == [("PUT", f"{RUN}/s1"), ("DELETE", f"{RUN}/s1/undo")]
    assert run.fakes.http.content == {}


async def test_what_was_there_before_is_not_taken_back() -> None:
    run = one_run(Operation("call_http", CALL), Operation("ask", STOPS))
    run.fakes.http.content[("billing", "/switch")] = "off"
    await run.carry("undo")
    assert run.fakes.http.content == {("billing", "/switch"): "off"}


@pytest.mark.parametrize("is_applied", [True, False])
@pytest.mark.parametrize("can_look", [True, False])
async def test_a_call_whose_reply_is_lost_is_read_back_and_never_sent_again_unseen(
    is_applied: bool, can_look: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = one_run(Operation("call_http", CALL if can_look else BLIND_CALL), timeout=5)
    real = run.fakes.http.call
    lost: list[str] = []

    async def call(endpoint: str, method: str, path: str, body: str, key: str, wait: float) -> Any:
        if method == "GET" or lost:
            return await real(endpoint, method, path, body, key, wait)
        lost.append(method)
        if is_applied:
            await real(endpoint, method, path, body, key, wait)
        raise Unreachable("the reply was lost")

    monkeypatch.setattr(run.fakes.http, "call", call)
    state, _ = await run.carry()
    sent = [c for c in run.fakes.http.calls if c.method == "PUT"]
    if can_look:
        assert state is RunState.COMPLETED
        assert len(sent) == 1
    else:
        assert run.step().state is StepState.UNKNOWN
        assert len(sent) == is_applied


async def test_an_answer_that_was_not_expected_fails_the_step() -> None:
    run = one_run(Operation("call_http", {**BLIND_CALL, "expected": [201]}))
    assert (await run.carry())[0] is RunState.FAILED
    assert "PUT billing/switch: 200" in run.step().evidence[0]


async def test_a_program_gets_its_arguments_as_they_stand() -> None:
    run = one_run(Operation("run_command", RUN_ARGS))
    assert await run.carry() == (RunState.COMPLETED, "")
    assert run.fakes.commands.started == [("echo", "a", "$(id)")]
    assert run.fakes.commands.keys == [f"{RUN}/s1"]
    assert run.step().result == {"code": 0, "stdout": "a $(id)\n", "stderr": ""}


async def test_a_program_that_ends_otherwise_fails_the_step() -> None:
    run = one_run(Operation("run_command", {**RUN_ARGS, "expected": [3]}))
    assert (await run.carry())[0] is RunState.FAILED
    assert "echo ended with 0" in run.step().evidence[0]


async def test_a_program_whose_end_nobody_saw_leaves_the_step_in_doubt() -> None:
    run = one_run(Operation("run_command", RUN_ARGS), timeout=5)

    async def lose(program: str, arguments: Any, timeout: float, key: str = "") -> Any:
        run.fakes.commands.started.append((program, *arguments))
        raise Unreachable("gone")

    run.fakes.commands.run = lose  # type: ignore[method-assign]
    await run.carry()
    assert run.step().state is StepState.UNKNOWN
    assert len(run.fakes.commands.started) == 1


def test_whether_it_can_be_taken_back_is_what_the_plan_says() -> None:
    assert CallHttp().reverses(CALL)
    assert CallHttp().reverses({**BLIND_CALL, "method": "GET"})
    assert not CallHttp().reverses({k: v for k, v in CALL.items() if k != "undo"})
    assert not RunCommand().reverses(RUN_ARGS)
    assert RunCommand().reverses({**RUN_ARGS, "undo": RUN_ARGS})


@pytest.mark.parametrize(
    "undo",
    [{}, {**CALL["undo"], "path": "http://127.1/"}, CALL, "rm -rf", None],  # type: ignore[dict-item]
)
def test_an_undo_is_held_to_the_same_rules(undo: Any) -> None:
    with pytest.raises(ConfigurationError):
        CallHttp().check({**CALL, "undo": undo})
