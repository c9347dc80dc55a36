"""Locks that are wrong on purpose: each is found by the bad days that the right one survives."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from test_bad_lines import bad_day
from toy_hosts import places
from virtual_time import run

from infctl.engine.locks import deciding, lock, observing, tenure, writing

SEEDS = 40
Patch = Callable[[pytest.MonkeyPatch], None]


def acts_long_after_its_lease(patch: pytest.MonkeyPatch) -> None:
    right = lock.EnvironmentLock.__init__

    def init(self: Any, *sites: Any, **options: Any) -> None:
        right(self, *sites, **options | {"renew_deadline": 40.0})

    patch.setattr(lock.EnvironmentLock, "__init__", init)


def counts_one_place_as_enough(patch: pytest.MonkeyPatch) -> None:
    def until(self: tenure.Tenure) -> float:
        return max(self.renewed.values(), default=float("-inf")) + self.renew_deadline

    patch.setattr(tenure.Tenure, "until", until)


def takes_over_too_soon(patch: pytest.MonkeyPatch) -> None:
    def has_expired(self: Any, site: str, holding: Any, now: float) -> bool:
        known = self._since.get(site)
        return known is not None and now - known[1] >= 3.0

    patch.setattr(observing.Observations, "has_expired", has_expired)


def never_looks_at_the_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tenure.Tenure, "look", lambda self, now: self.lost)


def needs_no_majority(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lock, "majority_of", lambda count: 1)


def renews_from_when_the_answer_came(patch: pytest.MonkeyPatch) -> None:
    right = tenure.Tenure.confirm

    def confirm(self: tenure.Tenure, site: str, version: str, sent: float) -> None:
        right(self, site, version, sent + 60.0)

    patch.setattr(tenure.Tenure, "confirm", confirm)


def keeps_the_old_fence(patch: pytest.MonkeyPatch) -> None:
    # Without growing numbers a place may even see one go back.
    patch.setattr(lock, "decide", _with_fence(deciding.decide))


def _with_fence(right: Any) -> Any:
    def decide(*names: Any, **options: Any) -> Any:
        found = right(*names, **options)
        return deciding.Take(found.sites, 1) if isinstance(found, deciding.Take) else found

    return decide


def takes_any_record_for_its_own(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(writing, "_is_ours", lambda seen, holding: True)


BAD: list[Patch] = [
    acts_long_after_its_lease,
    counts_one_place_as_enough,
    takes_over_too_soon,
    never_looks_at_the_clock,
    needs_no_majority,
    renews_from_when_the_answer_came,
    keeps_the_old_fence,
    takes_any_record_for_its_own,
]


def is_found(seed: int) -> bool:
    """Whether the day with this seed shows that something is wrong."""
    try:
        acts = run(bad_day(Random(seed), places(3), 4, 0.1, 0.05))
    except AssertionError:
        return True
    fences: dict[int, set[str]] = {}
    for _, host, fence in acts.log:
        fences.setdefault(fence, set()).add(host)
    return bool(acts.stale()) or any(len(hosts) > 1 for hosts in fences.values())


def test_the_right_lock_survives_every_day() -> None:
    assert not [seed for seed in range(SEEDS) if is_found(seed)]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad.__name__))
def test_a_wrong_lock_is_found(bad: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    bad(monkeypatch)
    assert any(is_found(seed) for seed in range(SEEDS))
