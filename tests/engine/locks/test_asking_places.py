"""Places are asked all at once, each with a deadline; a lock is broken by its id where they say."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from toy_hosts import EPOCH, now
from virtual_time import run

from infctl.engine.locks.asking import Answer, answered, ask, majority_of, silent
from infctl.engine.locks.breaking import break_lock, read_places
from infctl.errors import Conflict, InfctlError, Refused, Unreachable
from infctl.ports.lock import Holding, Seen

OURS = Holding("ours", "ana", "host", 42, "run-1", 7, 3, EPOCH, 15.0, step="scale")
EMPTY = Seen(None, "")


@dataclass
class Slow:
    """A place that answers after so many seconds; `conflicts` writes fail, `error` all."""

    name: str
    seen: Seen = EMPTY
    seconds: float = 0.0
    error: str = ""
    conflicts: int = 0
    written: list[tuple[Holding, str]] = field(default_factory=list)
    reads: int = 0

    async def read(self) -> Seen:
        self.reads += 1
        await asyncio.sleep(self.seconds)
        if self.error:
            raise InfctlError(self.error)
        return self.seen

    async def write(self, holding: Holding, *, version: str) -> Seen:
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict("not as it was read")
        self.written.append((holding, version))
        return Seen(holding, f"{version}+")


async def read(site: object) -> Seen:
    assert isinstance(site, Slow)
    return await site.read()


async def timed(
    sites: list[Slow], deadline: float, enough: int | None = None
) -> tuple[list[Answer], float]:
    begun = now()
    answers = await ask(sites, read, deadline=deadline, enough=enough)
    return answers, now() - begun


@pytest.mark.parametrize(("count", "majority"), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_a_majority_is_more_than_half(count: int, majority: int) -> None:
    assert majority_of(count) == majority


def test_each_place_answers_in_order_or_says_why_not() -> None:
    sites = [
        Slow("a", Seen(OURS, "4"), 0.4),
        Slow("b", seconds=9.0),
        Slow("c", error="x" * 300),
        Slow("d", error="\x1b[2J"),
    ]
    answers, seconds = run(timed(sites, 2.5))
    assert [a.site for a in answers] == sites
    assert answered(answers) == {"a": Seen(OURS, "4")}
    assert silent(answers) == {
        "b": "no answer within 2.5 s",
        "c": "x" * 200 + "…",
        "d": "\\u{1b}[2J",
    }
    assert seconds == pytest.approx(2.5)
    assert answers[0].problem == ""


@pytest.mark.parametrize(
    ("delays", "enough", "seconds", "names"),
    [
        # As long again as enough took, counted from the first question.
        ([0.2, 0.3, 5.0], 2, 0.6, "ab"),
        ([0.2, 0.3, 0.5], 2, 0.5, "abc"),
        ([0.2, 0.3, 0.59], 2, 0.59, "abc"),
        ([0.2, 0.3, 0.61], 2, 0.6, "ab"),
        ([0.2, 5.0, 5.0], 1, 0.4, "a"),
        ([0.2, 0.3, 5.0], 3, 5.0, "abc"),
        ([0.2, 0.3, 5.0], None, 5.0, "abc"),
        ([0.1, 0.2, 0.35, 0.5], 2, 0.4, "abc"),
    ],
)
def test_once_enough_answered_the_others_get_as_long_again(
    delays: list[float], enough: int | None, seconds: float, names: str
) -> None:
    async def scene() -> tuple[list[Answer], float]:
        # Time does not begin at zero.
        await asyncio.sleep(100.0)
        sites = [Slow(n, seconds=s) for n, s in zip("abcd", delays, strict=False)]
        return await timed(sites, 8.0, enough)

    answers, took = run(scene())
    assert took == pytest.approx(seconds)
    assert set(answered(answers)) == set(names)
    late = set("abcd"[: len(delays)]) - set(names)
    assert silent(answers) == dict.fromkeys(late, "no answer yet")


def test_a_place_that_answers_badly_is_none_of_those_that_are_enough() -> None:
    sites = [Slow("a", error="broken"), Slow("b", seconds=0.5), Slow("c", seconds=1.5)]
    answers, took = run(timed(sites, 8.0, 2))
    assert took == pytest.approx(1.5)
    assert set(answered(answers)) == {"b", "c"}


def test_places_are_read_with_a_second_of_patience() -> None:
    async def scene() -> None:
        begun = now()
        answers = await read_places([Slow("a", seconds=9.0), Slow("b", Seen(OURS, "1"))])
        assert now() - begun == pytest.approx(1.0)
        assert silent(answers) == {"a": "no answer within 1 s"}
        assert answered(answers) == {"b": Seen(OURS, "1")}

    run(scene())


def test_a_broken_lock_says_whose_it_was_where_and_who_did_not_answer() -> None:
    async def scene() -> None:
        newer = replace(OURS, id="other", fence=11)
        sites = [
            Slow("a", Seen(OURS, "4")),
            Slow("b", Seen(newer, "5")),
            Slow("c", error="cut off"),
            Slow("d", Seen(OURS, "6"), conflicts=2),
            Slow("e", Seen(OURS, "7"), conflicts=3),
            Slow("f", EMPTY),
            Slow("g", Seen(replace(OURS, free=True), "8")),
        ]
        broken = await break_lock(sites, "ours", by="ben")
        assert broken.holding == OURS
        assert broken.sites == ("a", "d")
        assert broken.unreached == {
            "c": "cut off",
            "e": "its holder renews it all the time: it lives",
        }
        free = replace(
            OURS, id="broken-ours", holder="ben", fence=12, free=True, since=0.0, duration=0.0,
            step="",
        )  # fmt: skip
        assert [site.written for site in sites] == [
            [(free, "4")], [], [], [(free, "6")], [], [], [],
        ]  # fmt: skip
        assert [site.reads for site in sites] == [2, 2, 1, 4, 4, 2, 2]

    run(scene())


def test_a_lock_that_is_broken_by_nobody_named_is_broken_by_infctl() -> None:
    async def scene() -> None:
        long = "x" * 300
        site = Slow("a", Seen(replace(OURS, id=long), "4"))
        await break_lock([site], long)
        holding = site.written[0][0]
        assert holding.holder == "infctl"
        assert holding.id == f"broken-{'x' * 249}"

    run(scene())


def test_a_lock_is_broken_within_the_deadline_given() -> None:
    async def scene(seconds: float) -> dict[str, str]:
        sites = [Slow("a", Seen(OURS, "4")), Slow("b", seconds=seconds)]
        return (await break_lock(sites, "ours", deadline=3.0)).unreached

    assert run(scene(2.0)) == {}
    assert run(scene(4.0)) == {"b": "no answer within 3 s"}


def test_where_no_place_answers_no_lock_is_broken() -> None:
    with pytest.raises(Unreachable) as error:
        run(break_lock([Slow("a", error="cut off"), Slow("b", seconds=2.0)], "ours"))
    assert error.value.what == (
        "the lock needs 1 of 2 places, and these do not answer: a: cut off; b: no answer within 1 s"
    )
    assert error.value.unchanged == "nothing was changed"


@pytest.mark.parametrize(
    ("seen", "lock_id", "what", "hint"),
    [
        ([EMPTY, Seen(replace(OURS, free=True), "1")], "ours", "nobody holds the lock", ""),
        ([Seen(OURS, "1"), Seen(OURS, "2")], "theirs",
         "theirs is not the id of the lock: run run-1 of ana on host (pid 42) holds the lock since"
         " 2023-11-14T22:13:20Z, last step scale", "infctl locks list"),
        ([Seen(replace(OURS, step=""), "1"), Seen(replace(OURS, run="run-2", step=""), "2")], "",
         "no id is not the id of the lock: run run-1 of ana on host (pid 42) holds the lock since"
         " 2023-11-14T22:13:20Z; run run-2 of ana on host (pid 42) holds the lock since"
         " 2023-11-14T22:13:20Z", "infctl locks list"),
        ([Seen(replace(OURS, id="", step=""), "1")], "",
         "no id is not the id of the lock: run run-1 of ana on host (pid 42) holds the lock since"
         " 2023-11-14T22:13:20Z", "infctl locks list"),
        ([Seen(replace(OURS, step=""), "1")], "x" * 90,
         f"{'x' * 80}… is not the id of the lock: run run-1 of ana on host (pid 42) holds the lock"
         " since 2023-11-14T22:13:20Z", "infctl locks list"),
    ],
)  # fmt: skip
def test_a_wrong_id_breaks_nothing_and_names_those_who_hold_it(
    seen: list[Seen], lock_id: str, what: str, hint: str
) -> None:
    sites = [Slow(name, held) for name, held in zip("ab", seen, strict=False)]
    with pytest.raises(Refused) as error:
        run(break_lock(sites, lock_id))
    assert (error.value.what, error.value.hint) == (what, hint)
    assert error.value.unchanged == "nothing was changed"
    assert not any(site.written for site in sites)


def test_a_lock_that_its_holder_gave_back_meanwhile_is_left_alone() -> None:
    class Meanwhile(Slow):
        async def read(self) -> Seen:
            seen = await super().read()
            self.seen = Seen(replace(OURS, free=True, renewal=9), "5")
            return seen

    async def scene() -> None:
        site = Meanwhile("a", Seen(OURS, "4"))
        broken = await break_lock([site], "ours")
        assert (broken.sites, broken.unreached, site.written) == ((), {}, [])

    run(scene())


def test_a_place_that_hangs_at_the_writing_is_given_up_at_the_deadline() -> None:
    class Hanging(Slow):
        async def write(self, holding: Holding, *, version: str) -> Seen:
            await asyncio.sleep(50.0)
            return await super().write(holding, version=version)

    async def scene() -> None:
        begun = now()
        broken = await break_lock([Hanging("a", Seen(OURS, "4"))], "ours", deadline=3.0)
        assert now() - begun == pytest.approx(3.0)
        assert (broken.sites, broken.unreached) == ((), {"a": "no answer within 3 s"})

    run(scene())
