"""A probe's state over rows of results."""

import pytest

from infctl.lab.agent.probe_state import ProbeState, ProbeTiming, read_timing


@pytest.mark.parametrize(
    ("begins", "failures", "successes", "results", "states"),
    [
        (False, 3, 1, "+", "+"),
        (False, 3, 2, "+-++", "---+"),
        (True, 3, 1, "--+---", "+++++-"),
        (True, 1, 1, "-+-", "-+-"),
        (False, 2, 1, "--", "--"),
        (True, 2, 2, "--+-++", "+----+"),
    ],
)
def test_a_probe_turns_after_as_many_equal_results_as_its_threshold(
    begins: bool, failures: int, successes: int, results: str, states: str
) -> None:
    timing = ProbeTiming(failure_threshold=failures, success_threshold=successes)
    state = ProbeState(timing, is_good=begins)
    seen = ""
    for result in results:
        before = state.is_good
        assert state.add(result == "+") == (before != state.is_good)
        seen += "+" if state.is_good else "-"
    assert seen == states


def test_a_startup_probe_that_never_was_good_fails_at_its_threshold() -> None:
    state = ProbeState(ProbeTiming(failure_threshold=2), is_good=False)
    state.add(False)
    assert not state.has_failed
    state.add(False)
    assert state.has_failed


def test_numbers_that_are_missing_or_zero_are_kubernetes_defaults() -> None:
    assert read_timing({"periodSeconds": 0}) == ProbeTiming(10, 1, 0, 3, 1)
    assert read_timing(
        {
            "periodSeconds": 2,
            "timeoutSeconds": 3,
            "initialDelaySeconds": 4,
            "failureThreshold": 5,
            "successThreshold": 6,
        }
    ) == ProbeTiming(2, 3, 4, 5, 6)
