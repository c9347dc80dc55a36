"""Calculated and inverted checks, from what the checkers of the leaves last saw."""

from typing import Any

import pytest

from infctl.model.health_check import evaluate, leaves

CONFIGS: dict[str, dict[str, Any]] = {
    "eu": {
        "Type": "CALCULATED",
        "ChildHealthChecks": ["endpoint", "switch-us", "switch-ap"],
        "HealthThreshold": 3,
    },
    "endpoint": {"Type": "HTTP"},
    "switch-us": {"Type": "HTTP", "Inverted": True},
    "switch-ap": {"Type": "HTTP", "Inverted": True},
    "off": {"Type": "HTTP", "Disabled": True},
}
UP = [True] * 6
GONE = [False] * 6


@pytest.mark.parametrize(
    ("title", "seen", "expected"),
    [
        ("no switch is set", {"endpoint": UP, "switch-us": GONE, "switch-ap": GONE}, True),
        ("one keeper holds it", {"endpoint": UP, "switch-us": UP, "switch-ap": GONE}, False),
        ("the endpoint is dead", {"endpoint": GONE, "switch-us": GONE, "switch-ap": GONE}, False),
        ("nobody looked", {}, None),
        ("one unknown cannot save it", {"endpoint": GONE, "switch-us": GONE}, False),
        ("one unknown decides", {"endpoint": UP, "switch-us": GONE}, None),
    ],
)
def test_a_region_is_in_the_answers_unless_dead_or_switched_off(
    title: str, seen: dict[str, list[bool]], expected: bool | None
) -> None:
    assert evaluate("eu", CONFIGS, seen) is expected


@pytest.mark.parametrize(("healthy", "expected"), [(0, False), (1, False), (2, True), (11, True)])
def test_more_than_18_percent_of_the_checkers_must_say_healthy(
    healthy: int, expected: bool
) -> None:
    seen = {"endpoint": [True] * healthy + [False] * (11 - healthy)}
    assert evaluate("endpoint", CONFIGS, seen) is expected


def test_a_disabled_check_is_healthy_and_a_missing_one_unknown() -> None:
    assert evaluate("off", CONFIGS, {}) is True
    assert evaluate("nobody", CONFIGS, {}) is None


def test_the_leaves_are_what_probes() -> None:
    assert leaves("eu", CONFIGS) == ("endpoint", "switch-us", "switch-ap")
