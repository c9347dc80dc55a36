"""What a holder writes into places, what it then knows of each, and what it leaves alone."""

from dataclasses import dataclass, field, replace

import pytest
from toy_hosts import EPOCH, Host
from virtual_time import run

from infctl.engine.locks.tenure import Tenure
from infctl.engine.locks.writing import Pen
from infctl.errors import Conflict, Unreachable
from infctl.ports.lock import Holding, LockSite, Seen

OURS = Holding("ours", "ana", "host", 42, "run-1", 7, 3, EPOCH, 15.0, step="scale")
THEIRS = replace(OURS, id="theirs")
START = 1000.0
"""What the clock of a toy host says in the beginning."""


@dataclass
class Shelf:
    """A place that compares and swaps; `conflicts` writes are overtaken by a renewal of `other`.

    With `is_kept` a write that conflicts took effect all the same: it was repeated.
    """

    name: str
    holding: Holding | None = None
    number: int = 1
    conflicts: int = 0
    other: Holding | None = None
    is_kept: bool = False
    is_cut: bool = False
    calls: list[str] = field(default_factory=list)

    async def read(self) -> Seen:
        self.calls.append("read")
        if self.is_cut:
            raise Unreachable("cut off")
        return Seen(self.holding, str(self.number))

    async def write(self, holding: Holding, *, version: str) -> Seen:
        self.calls.append(f"write {version}")
        if self.is_cut:
            raise Unreachable("cut off")
        if self.conflicts:
            self.conflicts -= 1
            self.holding = holding if self.is_kept else self.other or self.holding
            self.number += 1
        elif version == str(self.number):
            self.holding = holding
            self.number += 1
            return Seen(holding, str(self.number))
        raise Conflict("not as it was read")


def pen_of(*sites: Shelf, versions: str = "1") -> Pen:
    tenure = Tenure(tuple(s.name for s in sites), len(sites) // 2 + 1, 10.0)
    if versions:
        tenure.versions = {site.name: versions for site in sites}
    return Pen(tenure, Host("host"), 1.0)


def test_what_was_written_is_known_and_what_was_not_is_in_doubt_or_anothers() -> None:
    async def scene() -> None:
        sites = [
            Shelf("a"),
            Shelf("b", conflicts=1, is_kept=True),
            Shelf("c", conflicts=1, other=THEIRS),
            Shelf("d", is_cut=True),
        ]
        pen = pen_of(*sites)
        await pen.write(sites, OURS)
        assert pen.tenure.versions == {"a": "2", "b": "2"}
        assert pen.tenure.renewed == {"a": START, "b": START}
        assert pen.tenure.overtaken == {"c"}
        assert pen.problems == {"d": "cut off"}
        assert pen.touched == sites
        assert [s.holding for s in sites] == [OURS, OURS, THEIRS, None]
        assert sites[1].calls == ["write 1", "read"]

    run(scene())


@pytest.mark.parametrize(
    "held",
    [
        None,
        replace(OURS, renewal=2),
        replace(OURS, renewal=4),
        replace(OURS, free=True),
        replace(OURS, id="theirs"),
    ],
)
def test_only_this_very_renewal_of_ours_is_taken_for_ours(held: Holding | None) -> None:
    async def scene() -> None:
        site = Shelf("a", held, conflicts=1)
        pen = pen_of(site)
        await pen.write([site], OURS)
        assert pen.tenure.overtaken == {"a"}
        assert not pen.tenure.renewed

    run(scene())


@pytest.mark.parametrize(
    ("held", "conflicts", "calls", "is_written"),
    [
        (None, 0, ["read", "write 1"], True),
        (THEIRS, 0, ["read"], False),
        (replace(THEIRS, fence=6), 0, ["read", "write 1"], True),
        (replace(THEIRS, fence=8), 0, ["read"], False),
        (replace(OURS, fence=6), 0, ["read"], False),
        (replace(OURS, fence=6, renewal=2), 0, ["read", "write 1"], True),
        (replace(THEIRS, fence=6), 2,
         ["read", "write 1", "read", "write 2", "read", "write 3"], True),
        (replace(THEIRS, fence=6), 3,
         ["read", "write 1", "read", "write 2", "read", "write 3", "read"], False),
    ],
)  # fmt: skip
def test_a_record_is_forced_over_an_older_fence_in_three_attempts(
    held: Holding | None, conflicts: int, calls: list[str], is_written: bool
) -> None:
    async def scene() -> None:
        site = Shelf("a", held, conflicts=conflicts)
        pen = pen_of(site)
        await pen.overwrite([site], OURS)
        assert site.calls == calls
        assert (site.holding == OURS) is is_written
        assert pen.touched == [site]
        is_ours = site.holding is not None and site.holding.id == "ours"
        assert ("a" in pen.tenure.renewed) is is_ours

    run(scene())


@pytest.mark.parametrize(
    ("held", "version", "calls", "is_written"),
    [
        # Known: one write and nothing else.
        (replace(OURS, renewal=2), "1", ["write 1"], True),
        # Another version than we knew: read, and judged.
        (replace(OURS, renewal=2), "9", ["write 9", "read", "write 1"], True),
        (THEIRS, "9", ["write 9", "read"], False),
        # In doubt: read first.
        (replace(OURS, renewal=2), "", ["read", "write 1"], True),
        (None, "", ["read", "write 1"], True),
        (replace(THEIRS, free=True), "", ["read", "write 1"], True),
        (replace(THEIRS, free=True, fence=8), "", ["read"], False),
        (replace(OURS, renewal=2, fence=8), "", ["read"], False),
        (replace(THEIRS, fence=6), "", ["read"], False),
    ],
)
def test_a_renewal_takes_what_is_ours_or_free_and_no_newer_than_we_are(
    held: Holding | None, version: str, calls: list[str], is_written: bool
) -> None:
    async def scene() -> None:
        site = Shelf("a", held)
        pen = pen_of(site, versions=version)
        await pen.renew([site], OURS)
        assert site.calls == calls
        assert (site.holding == OURS) is is_written
        assert pen.tenure.overtaken == (set() if is_written else {"a"})
        assert pen.tenure.versions == ({"a": "2"} if is_written else {})
        assert pen.touched == []

    run(scene())


def test_a_renewal_that_conflicts_and_then_goes_unanswered_leaves_the_place_in_doubt() -> None:
    class Dropping(Shelf):
        async def read(self) -> Seen:
            raise Unreachable("went away")

    async def scene() -> None:
        site = Dropping("a", THEIRS)
        pen = pen_of(site, versions="9")
        await pen.renew([site], OURS)
        assert pen.tenure.versions == {}
        assert pen.problems == {"a": "went away"}

    run(scene())


@pytest.mark.parametrize(
    ("held", "fence"),
    [
        (OURS, 7),
        (None, 7),
        (replace(THEIRS, free=True, fence=9), 9),
        (replace(THEIRS, free=True, fence=2), 7),
        (THEIRS, None),
    ],
)
def test_what_is_given_back_is_free_newer_and_never_below_the_places_fence(
    held: Holding | None, fence: int | None
) -> None:
    async def scene() -> None:
        site = Shelf("a", held)
        await pen_of(site).give_back([site], OURS)
        if fence is None:
            assert (site.holding, site.calls) == (held, ["read"])
        else:
            assert site.holding == replace(OURS, free=True, renewal=4, fence=fence)

    run(scene())


def test_each_question_ends_at_its_deadline_and_enough_answers_end_it_before() -> None:
    class Hanging(Shelf):
        async def read(self) -> Seen:
            return await self.write(OURS, version="")

        async def write(self, holding: Holding, *, version: str) -> Seen:
            await Host("host").sleep(50.0)
            raise Conflict("too late")

    async def scene() -> None:
        host = Host("host")
        sites: list[Shelf] = [Shelf("a"), Hanging("b")]
        places: list[LockSite] = [*sites]
        pen = pen_of(*sites)
        await pen.write(places, OURS, enough=1)
        assert pen.problems == {"b": "no answer yet"}
        assert host.boottime() == START
        for verb in (pen.write, pen.overwrite, pen.renew, pen.give_back):
            begun = host.boottime()
            pen.tenure.versions = {"a": "1", "b": "1"}
            await verb(places[1:], OURS)
            assert host.boottime() - begun == pytest.approx(1.0)
        assert pen.problems == {"b": "no answer within 1 s"}
        # A renewal counts from before it was sent.
        assert pen.tenure.renewed == {"a": START}

    run(scene())


def test_a_renewal_counts_from_before_it_was_sent() -> None:
    class Slow(Shelf):
        async def write(self, holding: Holding, *, version: str) -> Seen:
            await Host("host").sleep(0.5)
            return await super().write(holding, version=version)

    async def scene() -> None:
        site = Slow("a")
        pen = pen_of(site)
        await pen.write([site], OURS)
        assert pen.tenure.renewed == {"a": START}

    run(scene())
