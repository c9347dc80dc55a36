"""The kinds of faults: which make sense, and what is said of those that do not."""

from collections.abc import Mapping
from typing import Any

import pytest

from infctl.model.fault_kinds import KINDS, problem_of

WHOLE: dict[str, dict[str, Any]] = {
    "slow": {"latency_ms": 100, "jitter_ms": 5.5, "direction": "both"},
    "limit": {"bytes_per_second": 1000, "direction": "in"},
    "lossy": {"percent": 0.5 * 3, "direction": "out"},
    "swallow": {"direction": "in"},
    "half_open": {"direction": "out"},
}
"""Every parameter of each kind that has some."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_strikes_a_region(kind: str) -> None:
    assert problem_of(kind, "region/a", WHOLE.get(kind, {})) == ""


@pytest.mark.parametrize(
    ("kind", "target", "parameters", "problem"),
    [
        ("melt", "region/a", {}, "the kind is none of kill"),
        ("kill", "edge/a", {}, "kill strikes region, node, part"),
        ("slow", "node/a/b", {"latency_ms": 1}, "slow strikes region, edge, path, between"),
        ("overload", "edge/a/api", {}, "overload strikes region"),
        ("slow", "edge/a", {}, "slow needs latency_ms"),
        ("slow", "edge/a", {"latency_ms": "1"}, "latency_ms must be a number from 1 to 60000"),
        ("slow", "edge/a", {"latency_ms": True}, "latency_ms must be a number"),
        ("slow", "edge/a", {"latency_ms": float("nan")}, "latency_ms must be a number"),
        ("slow", "edge/a", {"latency_ms": 1, "jitter_ms": -1}, "jitter_ms must be a number from 0"),
        (
            "slow",
            "edge/a",
            {"latency_ms": 1, "direction": "up"},
            "direction must be one of in, out",
        ),
        ("slow", "edge/a", {"latency_ms": 1, "direction": ["in"]}, "direction must be one of"),
        ("refuse", "edge/a", {"direction": "in"}, "it takes no parameters"),
        ("lossy", "edge/a", {"percent": 1, "share": 2}, "it takes percent, direction"),
    ],
)
def test_what_makes_no_sense_is_told(
    kind: str, target: str, parameters: Mapping[str, Any], problem: str
) -> None:
    assert problem_of(kind, target, parameters).startswith(problem)
