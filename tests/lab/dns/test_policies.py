"""Which record set answers."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from infctl.lab.dns.policies import Circumstances, UnknownPolicy, choose
from infctl.lab.dns.records import RecordSet

DICE = 3000


def a_set(policy: str, identifier: str, weight: int = 0, failover: str = "") -> RecordSet:
    return RecordSet(
        "a.test.", "A", 20, (identifier,), policy, identifier, weight, failover, identifier
    )


def shares(sets: list[RecordSet], healthy: set[str]) -> dict[str, float]:
    chance = Random(7)
    counted = Counter(
        item.identifier
        for _ in range(DICE)
        for item in choose(sets, Circumstances(lambda found: found.identifier in healthy, chance))
    )
    return {name: count / DICE for name, count in counted.items()}


# The vendor's own tables of weights and health, first row to last:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
WEIGHTED = {
    "all healthy": ((1, 1, 0), "abc", {"a": 0.5, "b": 0.5}),
    "by their weights": ((100, 200, 100), "abc", {"a": 0.25, "b": 0.5, "c": 0.25}),
    "one unhealthy": ((100, 100, 100), "ac", {"a": 0.5, "c": 0.5}),
    "those with a weight are unhealthy": ((1, 1, 0), "c", {"c": 1.0}),
    "none healthy, so all are": ((1, 1, 0), "", {"a": 0.5, "b": 0.5}),
    "one of the weighted is healthy": ((1, 1, 0), "bc", {"b": 1.0}),
    "zero is unhealthy": ((1, 1, 0), "ab", {"a": 0.5, "b": 0.5}),
    "all weights zero": ((0, 0, 0), "abc", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
    "all weights zero, one healthy": ((0, 0, 0), "b", {"b": 1.0}),
    "the largest weights": ((255, 1, 0), "abc", {"a": 255 / 256, "b": 1 / 256}),
}


@pytest.mark.parametrize("case", WEIGHTED)
def test_weighted_sets_share_by_weight_among_the_healthy(case: str) -> None:
    weights, healthy, expected = WEIGHTED[case]
    sets = [a_set("weighted", n, w) for n, w in zip("abc", weights, strict=True)]
    assert shares(sets, set(healthy)) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(("healthy", "expected"), [("ps", "p"), ("p", "p"), ("s", "s"), ("", "p")])
def test_the_primary_answers_unless_only_the_secondary_is_healthy(
    healthy: str, expected: str
) -> None:
    sets = [
        a_set("failover", "s", failover="SECONDARY"),
        a_set("failover", "p", failover="PRIMARY"),
    ]
    assert shares(sets, set(healthy)) == {expected: 1.0}


@pytest.mark.parametrize(
    ("healthy", "expected"), [("abc", "abc"), ("ac", "ac"), ("b", "b"), ("", "abc")]
)
def test_multivalue_answers_hold_all_healthy_sets(healthy: str, expected: str) -> None:
    sets = [a_set("multivalue", name) for name in "abc"]
    assert shares(sets, set(healthy)) == dict.fromkeys(expected, 1.0)


def test_multivalue_answers_hold_eight_at_most() -> None:
    sets = [a_set("multivalue", name) for name in "abcdefghijkl"]
    chosen = choose(sets, Circumstances(lambda _: True, Random(1)))
    assert len({item.identifier for item in chosen}) == 8


def test_a_simple_set_answers_though_unhealthy() -> None:
    assert shares([a_set("simple", "a")], set()) == {"a": 1.0}


@pytest.mark.parametrize(
    "sets",
    [
        [a_set("cidr", "a")],
        [a_set("weighted", "a", 1), a_set("multivalue", "b")],
        [replace(a_set("latency", "a"), region="moon-east-1")],
    ],
    ids=["not served", "mixed", "a region that there is not"],
)
def test_what_cannot_be_chosen_from_is_no_guess(sets: list[RecordSet]) -> None:
    with pytest.raises(UnknownPolicy):
        choose(sets, Circumstances(lambda _: True, Random(1)))
