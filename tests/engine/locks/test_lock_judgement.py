"""Who may take the lock, who has it, and until when: pure, by tables."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from toy_hosts import EPOCH, Host

from infctl.engine.locks.cluster_site import ClusterSite
from infctl.engine.locks.deciding import Contended, Decision, Held, Silent, Take, decide
from infctl.engine.locks.observing import Observations, looks_alive
from infctl.engine.locks.places import lock_sites
from infctl.engine.locks.tenure import Tenure
from infctl.errors import Unreachable
from infctl.fakes.witness import FakeWitness
from infctl.fakes.world import fake_world
from infctl.ports.lock import Holding, Seen

OURS = Holding("ours", "ana", "host", 42, "run-1", 7, 3, EPOCH, 15.0)
ANNE = replace(OURS, id="anne", fence=8)
BEN = replace(OURS, id="ben", fence=5)
NAMES = ("a", "b", "c")
EMPTY = Seen(None, "")


def held(*holdings: Holding | None) -> dict[str, Seen]:
    return {n: Seen(h, "1") for n, h in zip(NAMES, holdings, strict=False)}


@pytest.mark.parametrize(
    ("seen", "attempt", "expected"),
    [
        ({}, 0, Silent()),
        ({"a": EMPTY}, 0, Silent()),
        ({"a": EMPTY, "b": EMPTY}, 0, Take(("a", "b"), 1)),
        (held(OURS, OURS, OURS), 0, Take(NAMES, 8)),
        (held(replace(ANNE, free=True), None, BEN), 0, Take(("a", "b"), 9)),
        (held(ANNE, None, None), 2, Contended()),
        (held(ANNE, None, None), 3, Take(("b", "c"), 9)),
        (held(ANNE, ANNE, None), 3, Held(ANNE)),
        (held(ANNE, BEN, BEN), 0, Held(BEN)),
        (held(ANNE, BEN, None), 5, Contended()),
        # One of two that answered is hers, and the silent one may be.
        ({"a": Seen(ANNE, "1"), "b": EMPTY}, 5, Held(ANNE)),
        ({"b": Seen(ANNE, "1"), "c": Seen(replace(ANNE, renewal=9), "1")}, 0,
         Held(replace(ANNE, renewal=9))),
    ],
)  # fmt: skip
def test_what_to_do_next_follows_from_what_the_places_hold(
    seen: Mapping[str, Seen], attempt: int, expected: Decision
) -> None:
    ours = frozenset({"ours"})
    decision = decide(
        NAMES, seen, ours=ours, needed=2, attempt=attempt, has_expired=lambda _n, _h: False
    )
    assert decision == expected


def test_a_place_whose_record_ran_out_is_taken_as_a_free_one() -> None:
    seen = {"b": EMPTY, "c": Seen(ANNE, "1")}
    asked: list[tuple[str, Holding]] = []

    def has_expired(name: str, holding: Holding) -> bool:
        asked.append((name, holding))
        return name == "c"

    decision = decide(NAMES, seen, ours=frozenset(), needed=2, attempt=0, has_expired=has_expired)
    assert decision == Take(("b", "c"), 9)
    assert asked == [("c", ANNE)]


def noted(*marks: tuple[Holding | None, str, float]) -> Observations:
    observed = Observations(15.0)
    for holding, version, now in marks:
        observed.note("a", Seen(holding, version), now)
    return observed


@pytest.mark.parametrize(
    ("marks", "holding", "now", "expected"),
    [
        ([], OURS, 1e9, False),
        ([(OURS, "1", 100.0)], OURS, 114.9, False),
        ([(OURS, "1", 100.0)], OURS, 115.0, True),
        ([(OURS, "1", 100.0), (OURS, "1", 110.0)], OURS, 115.0, True),
        ([(OURS, "1", 100.0), (OURS, "2", 110.0)], OURS, 115.0, False),
        ([(OURS, "1", 0.0), (replace(OURS, renewal=4), "1", 9.0)], OURS, 16.0, False),
        ([(ANNE, "1", 0.0), (OURS, "1", 9.0)], OURS, 16.0, False),
        ([(None, "1", 0.0), (OURS, "1", 9.0)], OURS, 16.0, False),
        ([(None, "1", 0.0), (None, "1", 9.0)], OURS, 16.0, True),
        ([(OURS, "1", 0.0)], replace(OURS, duration=60.0), 59.9, False),
        ([(OURS, "1", 0.0)], replace(OURS, duration=60.0), 60.0, True),
        ([(OURS, "1", 0.0)], replace(OURS, duration=1.0), 14.9, False),
        ([(OURS, "1", 0.0)], replace(OURS, duration=1e6), 299.9, False),
        ([(OURS, "1", 0.0)], replace(OURS, duration=1e6), 300.0, True),
        ([(OURS, "1", 0.0)], replace(OURS, duration=math.inf), 1e9, False),
    ],
)
def test_a_record_runs_out_a_whole_lease_after_it_was_first_seen(
    marks: list[tuple[Holding | None, str, float]], holding: Holding, now: float, expected: bool
) -> None:
    assert noted(*marks).has_expired("a", holding, now) is expected


def test_only_a_record_that_was_seen_to_change_is_known_to_live() -> None:
    assert noted((OURS, "1", 0.0), (OURS, "1", 1.0)).alive == set()
    assert noted((OURS, "1", 0.0), (ANNE, "2", 1.0)).alive == set()
    assert noted((OURS, "1", 0.0), (None, "2", 1.0), (OURS, "3", 2.0)).alive == set()
    assert noted((None, "1", 0.0), (OURS, "2", 1.0)).alive == set()
    assert noted((OURS, "1", 0.0), (OURS, "2", 1.0)).alive == {"ours"}


@pytest.mark.parametrize(
    ("wall", "expected"),
    [(6.0, True), (21.0, True), (21.1, False), (-9.0, True), (-9.1, False)],
)
def test_by_wall_time_a_record_looks_alive_a_lease_around_its_last_renewal(
    wall: float, expected: bool
) -> None:
    assert looks_alive(OURS, wall=EPOCH + wall, retry=2.0, duration=15.0) is expected
    unreadable = replace(OURS, duration=math.inf)
    assert looks_alive(unreadable, wall=0.0, retry=2.0, duration=15.0)


def test_a_tenure_lasts_from_its_last_renewal_by_a_majority() -> None:
    tenure = Tenure(NAMES, 2, 10.0)
    assert tenure.until() == -math.inf
    tenure.confirm("a", "1", 100.0)
    assert tenure.until() == -math.inf
    tenure.confirm("b", "2", 103.0)
    assert tenure.until() == 110.0
    tenure.confirm("c", "3", 104.0)
    assert tenure.until() == 113.0
    assert tenure.versions == {"a": "1", "b": "2", "c": "3"}
    assert tenure.look(112.9) == ""
    assert tenure.look(113.0) == "it was not renewed in time, last 9.0 s ago"
    tenure.confirm("a", "1", 113.0)
    assert tenure.look(113.0) == "it was not renewed in time, last 9.0 s ago"


def test_a_tenure_that_was_never_renewed_is_lost_since_now() -> None:
    assert Tenure(NAMES, 2, 10.0).look(5.0) == "it was not renewed in time, last 0.0 s ago"
    ahead = Tenure(NAMES, 2, 10.0, renewed={"a": 9.0})
    assert ahead.look(5.0) == "it was not renewed in time, last 0.0 s ago"


def test_a_tenure_that_needs_no_place_never_ends_by_time() -> None:
    tenure = Tenure((), 0, 10.0)
    assert tenure.until() == math.inf
    assert tenure.look(1e12) == ""


def test_with_a_majority_overtaken_the_tenure_is_lost_and_says_where() -> None:
    tenure = Tenure(NAMES, 2, 10.0)
    for name in NAMES:
        tenure.confirm(name, "1", 100.0)
    tenure.doubt("a")
    tenure.doubt("nowhere")
    assert (set(tenure.versions), set(tenure.renewed)) == ({"b", "c"}, set(NAMES))
    tenure.overtake("c")
    assert (set(tenure.versions), set(tenure.renewed)) == ({"b"}, {"a", "b"})
    assert tenure.look(101.0) == ""
    tenure.confirm("c", "2", 101.0)
    tenure.overtake("a")
    assert tenure.look(101.0) == ""
    tenure.overtake("c")
    assert tenure.look(101.0) == "another holder has a, c"
    tenure.overtake("b")
    assert tenure.look(101.0) == "another holder has a, c"
    never = Tenure(("a",), 1, 10.0)
    never.overtake("a")
    assert never.look(101.0) == "another holder has a"


async def test_the_places_are_the_regions_by_name_and_with_two_the_witness() -> None:
    fake = fake_world()
    world = fake.world("lab")
    assert [site.name for site in lock_sites(world)] == ["ap-south-1", "eu-west-1", "us-east-1"]
    witness = FakeWitness(has_table=True)
    assert len(lock_sites(replace(world, witness=witness))) == 3
    two = {name: fake.clusters[name] for name in ("us-east-1", "ap-south-1")}
    world = replace(world, clusters=two)
    assert [site.name for site in lock_sites(world)] == ["ap-south-1", "us-east-1"]
    sites = lock_sites(replace(world, witness=witness))
    assert sites[2] is witness
    absent = lock_sites(replace(world, absent=("eu-west-1",), witness=witness))
    assert [site.name for site in absent] == ["ap-south-1", "eu-west-1", "us-east-1"]
    told = "the access file of this machine does not name eu-west-1"
    with pytest.raises(Unreachable) as error:
        await absent[1].read()
    assert error.value.what == told
    with pytest.raises(Unreachable) as error:
        await absent[1].write(OURS, version="")
    assert error.value.what == told
    assert (await sites[0].write(OURS, version="")).holding == OURS
    other = ClusterSite(two["ap-south-1"], "lab", Host("host"))
    assert (await other.read()).holding == OURS
