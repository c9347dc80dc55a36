"""Shapes as data: what is refused, and the rates and pauses that they mean."""

import math
from typing import Any

import pytest

from infctl.content.load_shape import (
    apportion,
    countries_problem,
    pause,
    rate_at,
    read_shape,
    shape_data,
    shape_problem,
)

RAMP = {"kind": "ramp", "peak": 100, "over": 10.0, "after": 5}
SPIKE = {"kind": "spike", "peak": 50, "over": 2, "after": 10}
DAY = {"kind": "diurnal", "peak": 30, "over": 60}
REPLAY = {"kind": "replay", "source": "/tmp/requests.jsonl", "speed": 2}


@pytest.mark.parametrize("value", [{"kind": "steady"}, RAMP, SPIKE, DAY, REPLAY])
def test_a_right_shape_is_read_and_written_back(value: dict[str, Any]) -> None:
    assert shape_problem(value) == ""
    shape = read_shape(value)
    assert read_shape(shape_data(shape)) == shape


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "kind is one of steady, ramp, spike, diurnal, replay"),
        ({"kind": "sawtooth"}, "kind is one of"),
        ({"kind": ["ramp"]}, "kind is one of"),
        ({"kind": "ramp", "peak": 5}, "over: a number from 0.1"),
        ({**RAMP, "peak": math.nan}, "peak: a number"),
        ({**RAMP, "peak": math.inf}, "peak: a number"),
        ({**RAMP, "peak": 10**400}, "peak: a number"),
        ({**RAMP, "peak": "100"}, "peak: a number"),
        ({**RAMP, "peak": True}, "peak: a number"),
        ({**RAMP, "over": 0}, "over: a number"),
        ({**RAMP, "after": -1}, "after: a number"),
        ({**RAMP, "\x1b[31m": 1}, "nothing else"),
        ({**DAY, "after": 1}, "nothing else"),
        ({"kind": "replay"}, "source"),
        ({**REPLAY, "source": "a\0b"}, "source"),
        ({**REPLAY, "speed": 0}, "speed: a number"),
        ({**REPLAY, "speed": 1e9}, "speed: a number"),
    ],
)
def test_a_hostile_shape_is_refused_in_words_of_our_own(value: Any, told: str) -> None:
    problem = shape_problem(value)
    assert told in problem
    assert "\x1b" not in problem


@pytest.mark.parametrize(
    ("value", "rates"),
    [
        ({"kind": "steady"}, {0: 10, 1000: 10}),
        (RAMP, {0: 10, 5: 10, 10: 55, 15: 100, 99: 100}),
        (SPIKE, {0: 10, 9.9: 10, 10: 50, 11.9: 50, 12: 10}),
        (DAY, {0: 10, 15: 20, 30: 30, 60: 10, 90: 30}),
    ],
)
def test_the_rate_moves_as_the_shape_says(value: dict[str, Any], rates: dict[float, float]) -> None:
    shape = read_shape(value)
    assert {at: round(rate_at(shape, 10, at), 6) for at in rates} == rates


@pytest.mark.parametrize("value", [{"kind": "steady"}, RAMP, SPIKE, DAY])
def test_clients_together_send_as_many_as_the_area_below_the_rate(value: dict[str, Any]) -> None:
    shape, users, until = read_shape(value), 20, 60.0
    sent = 0
    for number in range(users):
        at = number * users / 10 / users
        while at < until:
            sent += 1
            at += pause(shape, 10, users, at)
    area = sum(rate_at(shape, 10, step / 100) / 100 for step in range(int(until * 100)))
    assert sent == pytest.approx(area, rel=0.03, abs=users)


def test_a_client_that_hardly_sends_still_wakes_for_a_spike() -> None:
    shape = read_shape({"kind": "spike", "peak": 1000, "over": 5, "after": 20})
    assert pause(shape, 0.01, 10, 0.0) == pytest.approx(20.0, abs=0.2)


@pytest.mark.parametrize(
    ("users", "countries", "found"),
    [
        (3, [], ["", "", ""]),
        (4, [("DE", 1.0), ("US", 1.0)], ["DE", "US", "DE", "US"]),
        (1, [("DE", 1.0), ("US", 3.0)], ["US"]),
        (6, [("DE", 1.0), ("US", 2.0)], ["US", "DE", "US", "US", "DE", "US"]),
    ],
)
def test_clients_are_shared_out_over_countries_and_mixed(
    users: int, countries: list[tuple[str, float]], found: list[str]
) -> None:
    assert apportion(users, countries) == found


@pytest.mark.parametrize(
    "value", [{}, {"de": 1}, {"DEU": 1}, {"DE": 0}, {"DE": math.nan}, {"DE": True}, ["DE"], {1: 1}]
)
def test_countries_that_are_none_are_refused(value: Any) -> None:
    assert "two capitals" in countries_problem(value)
    assert countries_problem({"DE": 1, "US": 0.5}) == ""
