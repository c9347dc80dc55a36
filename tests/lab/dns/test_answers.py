"""What is answered to which question."""

from random import Random

import pytest
from zones import REGIONS, SOA, catalogue

from infctl.lab.dns.answers import Reply, answer


def ask(name: str, kind: str = "A", unhealthy: frozenset[str] = frozenset()) -> Reply:
    return answer(catalogue(), name, kind, lambda check: check not in unhealthy, Random(3))


@pytest.mark.parametrize(
    ("name", "kind", "code", "values"),
    [
        ("deep.below.infctl.test.", "A", "NOERROR", ("127.0.0.9",)),
        ("infctl.test.", "NS", "NOERROR", ("ns.test.",)),
        ("infctl.test.", "SOA", "NOERROR", SOA),
        ("a.wild.infctl.test.", "A", "NOERROR", ("127.0.0.8",)),
        ("a.b.wild.infctl.test.", "A", "NOERROR", ("127.0.0.8",)),
        ("other.infctl.test.", "TXT", "NOERROR", ('"any"',)),
    ],
)
def test_names_that_are_there(name: str, kind: str, code: str, values: tuple[str, ...]) -> None:
    reply = ask(name, kind)
    assert (reply.code, reply.answer[0].name, reply.answer[0].values) == (code, name, values)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("vision.infctl.test.", "AAAA", "NOERROR"),
        ("below.infctl.test.", "A", "NOERROR"),
        ("below.infctl.test.", "TXT", "NOERROR"),
        ("a.wild.infctl.test.", "AAAA", "NOERROR"),
        ("x.below.infctl.test.", "A", "NXDOMAIN"),
    ],
)
def test_names_without_such_records_are_denied_with_the_zones_soa(
    name: str, kind: str, code: str
) -> None:
    reply = ask(name, kind)
    assert (reply.code, reply.answer) == (code, ())
    assert [(rows.type, rows.ttl) for rows in reply.authority] == [("SOA", 900)]


def test_a_name_outside_the_zones_is_refused() -> None:
    assert ask("vision.example.").code == "REFUSED"
    assert ask("myinfctl.test.").code == "REFUSED"


def test_before_the_first_reading_nothing_is_denied() -> None:
    assert answer(None, "vision.infctl.test.", "A", lambda _: True, Random(1)).code == "SERVFAIL"


def test_a_policy_that_is_not_served_fails_instead_of_guessing() -> None:
    assert ask("near.infctl.test.").code == "SERVFAIL"


@pytest.mark.parametrize(
    ("name", "code", "types"),
    [
        ("www.infctl.test.", "NOERROR", ["CNAME", "A"]),
        ("out.infctl.test.", "NOERROR", ["CNAME"]),
        ("broken.infctl.test.", "NOERROR", ["CNAME"]),
    ],
)
def test_other_names_are_followed_within_the_zone(name: str, code: str, types: list[str]) -> None:
    reply = ask(name)
    assert (reply.code, [rows.type for rows in reply.answer]) == (code, types)


def test_names_in_a_ring_come_to_an_end() -> None:
    assert len(ask("ring.infctl.test.").answer) == 8


def test_an_unhealthy_region_leaves_the_answer_and_comes_back() -> None:
    chance = Random(5)
    gone = {"vision-eu"}

    def seen() -> set[str]:
        replies = (
            answer(catalogue(), "vision.infctl.test.", "A", lambda c: c not in gone, chance)
            for _ in range(100)
        )
        return {value for reply in replies for rows in reply.answer for value in rows.values}

    assert seen() == {REGIONS["us"], REGIONS["ap"]}
    gone.clear()
    assert seen() == set(REGIONS.values())
    gone.update(f"vision-{region}" for region in REGIONS)
    assert seen() == set(REGIONS.values())


def test_the_ttl_is_the_record_sets() -> None:
    assert ask("vision.infctl.test.").answer[0].ttl == 20
