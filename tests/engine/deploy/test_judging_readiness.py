from typing import Any

import pytest

from infctl.engine.deploy.readiness import RolloutFailed, judge_deployment, judge_gateway


def _deployment(**status: Any) -> dict[str, Any]:
    full = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2}
    full |= {"readyReplicas": 2, "availableReplicas": 2}
    return {"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": full | status}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({}, ""),
        ({"observedGeneration": 1}, "not seen by its controller"),
        ({"updatedReplicas": 1}, "1 updated"),
        ({"availableReplicas": 1}, "pods ready"),
        ({"replicas": 3}, "pods ready"),
        ({"readyReplicas": 0, "availableReplicas": 0}, "0 of 2 pods ready"),
    ],
)
def test_a_rollout_is_complete_or_says_what_is_missing(status: dict[str, Any], reason: str) -> None:
    found = judge_deployment(_deployment(**status))
    assert (reason in found) if reason else (found == "")


def test_a_rollout_that_was_given_up_ends_the_wait() -> None:
    stuck = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "too slow"}
    with pytest.raises(RolloutFailed, match="too slow"):
        judge_deployment(_deployment(availableReplicas=0, conditions=[stuck]))


def test_pods_that_are_refused_are_the_reason() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "message": "violates PodSecurity"}
    found = judge_deployment(_deployment(availableReplicas=0, conditions=[refused]))
    assert "violates PodSecurity" in found


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({}, "no controller said so"),
        ({"conditions": [{"type": "Programmed", "status": "False", "message": "bad"}]}, "bad"),
        ({"conditions": [{"type": "Programmed", "status": "True"}]}, "no address"),
        (
            {
                "conditions": [{"type": "Programmed", "status": "True"}],
                "addresses": [{"value": "a"}],
            },
            "",
        ),
    ],
)
def test_a_gateway_serves_or_says_why_not(status: dict[str, Any], reason: str) -> None:
    found = judge_gateway({"status": status})
    assert (reason in found) if reason else (found == "")
