"""A pod's phase, conditions and container statuses from what is known of its containers."""

from typing import Any

import pytest
from test_command import FACTS

from infctl.lab.agent.records import Ending
from infctl.lab.agent.status import covers, find_phase, make_status
from infctl.lab.agent.view import Running, State, Terminated, View, Waiting


def ended(code: int, **more: Any) -> Terminated:
    return Terminated(Ending(code, more.pop("signal", 0), 100.0, 160.0, **more), "infctl://1")


def view(state: State, **more: Any) -> View:
    return View("main", "x:1", state, **more)


def crashing(code: int) -> View:
    return view(Waiting("CrashLoopBackOff"), last=ended(code))


@pytest.mark.parametrize(
    ("views", "policy", "is_ending", "phase"),
    [
        ([view(Waiting())], "Always", False, "Pending"),
        ([view(Running(1)), view(Waiting())], "Always", False, "Pending"),
        ([view(Running(1))], "Always", False, "Running"),
        ([view(Running(1)), view(ended(0))], "Never", False, "Running"),
        ([crashing(1)], "Always", False, "Running"),
        ([crashing(1)], "OnFailure", False, "Running"),
        ([view(ended(0))], "Always", False, "Running"),
        ([view(ended(0))], "OnFailure", False, "Succeeded"),
        ([view(ended(0)), view(ended(2))], "Never", False, "Failed"),
        ([view(ended(0)), view(ended(2))], "OnFailure", False, "Running"),
        ([view(ended(0))], "Always", True, "Succeeded"),
        ([view(ended(137))], "Always", True, "Failed"),
        ([view(Waiting())], "Always", True, "Failed"),
        ([view(Running(1))], "Always", True, "Running"),
    ],
)
def test_the_phase_follows_the_kubelets_rules(
    views: list[View], policy: str, is_ending: bool, phase: str
) -> None:
    assert find_phase(views, [], policy, is_ending) == phase


@pytest.mark.parametrize(
    ("first", "policy", "phase"),
    [
        (view(Running(1)), "Always", "Pending"),
        (view(ended(1)), "Always", "Pending"),
        (view(ended(1)), "Never", "Failed"),
        (view(ended(0)), "Never", "Running"),
    ],
)
def test_a_pod_is_pending_until_its_init_containers_ended_well(
    first: View, policy: str, phase: str
) -> None:
    assert find_phase([view(Running(1))], [first], policy) == phase


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web-0", "generation": 3}, "spec": {}, "status": status}


def status_of(*views: View, held: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    options = {"since": 90.0, "is_ending": False, **more}
    return make_status(held or pod(), FACTS, views, [], **options)


def conditions(status: dict[str, Any]) -> dict[str, str]:
    return {c["type"]: c["status"] for c in status["conditions"]}


def test_a_ready_container_makes_a_ready_pod_known_by_its_other_address() -> None:
    status = status_of(view(Running(100), is_ready=True, is_started=True))
    assert conditions(status)["Ready"] == conditions(status)["ContainersReady"] == "True"
    assert (status["podIP"], status["hostIP"]) == ("239.20.1.64", "127.20.1.32")
    assert status["podIPs"] == [{"ip": "239.20.1.64"}]
    assert status["observedGeneration"] == 3
    (container,) = status["containerStatuses"]
    assert container["state"] == {"running": {"startedAt": "1970-01-01T00:01:40Z"}}
    assert container["ready"]
    assert container["started"]


def test_an_unready_container_is_named() -> None:
    status = status_of(view(Running(100), is_started=True))
    (ready,) = [c for c in status["conditions"] if c["type"] == "Ready"]
    assert ready["reason"] == "ContainersNotReady"
    assert "[main]" in ready["message"]


def test_an_ending_pod_is_not_ready_even_while_it_runs() -> None:
    status = status_of(view(Running(100), is_ready=True), is_ending=True)
    assert conditions(status)["Ready"] == "False"


def test_a_completed_pod_says_so() -> None:
    done = {**pod(), "spec": {"restartPolicy": "Never"}}
    status = status_of(view(ended(0)), held=done)
    (ready,) = [c for c in status["conditions"] if c["type"] == "Ready"]
    assert (status["phase"], ready["reason"]) == ("Succeeded", "PodCompleted")


def test_a_readiness_gate_holds_the_pod_back() -> None:
    gated = pod(conditions=[{"type": "traffic", "status": "False"}])
    gated["spec"] = {"readinessGates": [{"conditionType": "traffic"}]}
    status = status_of(view(Running(100), is_ready=True), held=gated)
    assert conditions(status)["ContainersReady"] == "True"
    assert conditions(status)["Ready"] == "False"
    gated["status"]["conditions"][0]["status"] = "True"
    assert conditions(status_of(view(Running(100), is_ready=True), held=gated))["Ready"] == "True"


def test_a_condition_keeps_its_date_while_its_status_stays() -> None:
    early = "2020-01-01T00:00:00Z"
    held = pod(
        conditions=[
            {"type": "Ready", "status": "True", "lastTransitionTime": early},
            {"type": "ContainersReady", "status": "False", "lastTransitionTime": early},
        ]
    )
    status = status_of(view(Running(100), is_ready=True), held=held)
    dates = {c["type"]: c["lastTransitionTime"] for c in status["conditions"]}
    assert dates["Ready"] == early
    assert dates["ContainersReady"] > early


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ended(0), {"exitCode": 0, "reason": "Completed"}),
        (ended(3), {"exitCode": 3, "reason": "Error"}),
        (ended(137, signal=9), {"exitCode": 137, "signal": 9, "reason": "Error"}),
        (ended(128, error="exec: x"), {"reason": "StartError", "message": "exec: x"}),
        (ended(137, is_known=False), {"exitCode": 137, "reason": "ContainerStatusUnknown"}),
    ],
)
def test_an_end_is_told_with_its_code_and_reason(state: Terminated, told: dict[str, Any]) -> None:
    found = status_of(view(state))["containerStatuses"][0]["state"]["terminated"]
    assert told.items() <= found.items()
    assert found["finishedAt"] == "1970-01-01T00:02:40Z"


def test_what_the_api_server_holds_already_is_not_written_again() -> None:
    wanted = status_of(view(Running(100), is_ready=True, is_started=True))
    held = {**wanted, "qosClass": "Burstable"}
    held["conditions"] = [*held["conditions"], {"type": "PodScheduled", "status": "True"}]
    assert covers(held, wanted)
    for changed in (
        status_of(view(Running(100), is_started=True)),
        status_of(view(Running(200), is_ready=True, is_started=True)),
        status_of(view(ended(0))),
    ):
        assert not covers(held, changed)
    assert not covers(None, wanted)
