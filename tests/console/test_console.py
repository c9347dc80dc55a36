"""The console over a canned feed: what is seen, what keys do, and above all what they do not."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import DataTable, Input

from infctl.console.app import Console
from infctl.console.confirm import GUARD_SECONDS, Confirm
from infctl.console.decide import Decide
from infctl.console.feed import RunPicture, Scope
from infctl.console.overview import Overview
from infctl.console.sanitiser import TerminalFilter
from infctl.console.timeline import Timeline
from infctl.errors import Frozen, Unreachable
from infctl.model.measured import Measured, unknown
from infctl.model.overview import Agreement
from infctl.model.plan import Operation, Plan, Step
from infctl.model.proposal import Proposal
from infctl.model.snapshot import ModelVersion, RegionSnapshot, Replicas, Snapshot

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
HOSTILE = "\x1b]52;c;AA\x07[@click=app.start_drill]x[/] pod[/b]"


def seen(value: Any) -> Measured[Any]:
    return Measured(value, 1_000.0, "test")


def region(name: str) -> RegionSnapshot:
    return RegionSnapshot(
        name=name,
        cluster_version=seen("v1.37.2"),
        replicas=seen(Replicas(2, 2)),
        models=seen((ModelVersion("digits", HOSTILE, "sha256:" + "a" * 64),)),
        requests_per_second=seen(20.0),
        error_ratio=seen(0.0),
        p50=seen(0.03),
        p99=seen(0.05),
        queue=seen(0.0),
        saturation=seen(0.1),
        traffic_share=seen(0.33),
        dns_healthy=seen(True),
        switched_off=seen(False),
        store=seen(True),
        weight=seen(100),
        generation=seen("sha256:b"),
    )


class CannedFeed:
    """Answers at once, counts what is started."""

    scope = Scope("vision", "lab", "sim", Agreement(0.999, 0.25), REGIONS)

    def __init__(self) -> None:
        self.started: list[str] = []
        self.broken = False
        self.behind = 0.0
        self.lines: list[str] = []
        self.why = ""
        self.state = "running"
        self.verbs: tuple[str, ...] = ()
        self.decided: list[tuple[str, str, str]] = []

    def frozen(self) -> str:
        return self.why

    async def snapshot(self, previous: Snapshot | None) -> Snapshot:
        if self.broken:
            raise Unreachable(f"no answer {HOSTILE}")
        down = replace(
            region("eu-west-1"),
            cluster_version=unknown("k", 1_000.0, HOSTILE),
            dns_healthy=seen(False),
        )
        return Snapshot(
            time.time() - self.behind, (region("us-east-1"), down, region("ap-south-1"))
        )

    def latest_run(self) -> str | None:
        return self.started[-1] if self.started else None

    async def follow(self, run: str) -> AsyncIterator[RunPicture]:
        steps = (("s1", HOSTILE, "done", 0.0, 1.5), ("s2", "wait", "running", 1.5, None))
        clock, state = "1.0 s", self.state
        yield RunPicture(run, "drill failover", state, steps, 3.0, clock, (), False, self.verbs)

    async def decide(self, run: str, verb: str, reason: str) -> None:
        self.decided.append((run, verb, reason))

    async def losses(self, run: str) -> list[str]:
        return [f"verify: clients may still be there {HOSTILE}"]

    async def plan_drill(self, region: str) -> Proposal:
        step = Step("kill", Operation("inject_fault", {"target": region}))
        return Proposal(Plan("drill failover", f"kill {region}", "lab", (step,)), ())

    async def start_drill(self, proposal: Proposal) -> str:
        self.started.append("01abc")
        return "01abc"

    def describe(self, proposal: Proposal) -> list[str]:
        return self.lines or [f"{s.id}: {s.operation.kind}" for s in proposal.plan.steps]

    async def close(self) -> None:
        return


async def until(condition: Any, deadline: float = 5.0) -> None:
    async with asyncio.timeout(deadline):
        while not condition():  # noqa: ASYNC110 -- the screen tells nobody when it was drawn
            await asyncio.sleep(0.02)


def screen_text(app: Console) -> str:
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(s.text for s in line) for line in lines)


def told(app: Console) -> str:
    return "\n".join(notice.message for notice in app._notifications)


async def test_every_region_is_seen_with_state_in_words_and_evidence() -> None:
    app = Console(CannedFeed())
    async with app.run_test(size=(80, 24)):
        await until(lambda: "FAIL" in screen_text(app))
        text = screen_text(app)
        for name in REGIONS:
            assert name in text
        assert "x FAIL" in text
        assert "+ OK" in text
        assert "look at eu-west-1" in text
        assert "SIM" in text


async def test_hostile_text_is_shown_and_never_obeyed() -> None:
    app = Console(CannedFeed())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "FAIL" in screen_text(app))
        await pilot.press("j", "k")
        assert "\x1b" not in screen_text(app)


async def test_small_keys_symbols_and_enter_change_nothing() -> None:
    feed = CannedFeed()
    app = Console(feed)
    keys = [*"abcdefghijklmnoprstuvwxyz", *"0123456789", "enter", "space", "tab", "escape"]
    async with app.run_test(size=(80, 24)) as pilot:
        for key in keys:
            await pilot.press(key)
    assert feed.started == []


async def test_a_drill_starts_only_with_the_typed_name_and_x() -> None:
    feed = CannedFeed()
    app = Console(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(app.screen, Overview) and "FAIL" in screen_text(app))
        app.screen.query_one(DataTable).move_cursor(row=0)
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press(*["enter"] * 20, "X")
        assert feed.started == []
        await asyncio.sleep(GUARD_SECONDS)
        await pilot.press(*"eu-west-", "X")
        assert feed.started == []
        await pilot.press("1", "enter")
        assert feed.started == []
        await pilot.press("X")
        await until(lambda: isinstance(app.screen, Timeline))
        assert feed.started == ["01abc"]


async def test_keys_queued_before_the_dialog_was_drawn_are_ignored() -> None:
    app = Console(CannedFeed())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(app.screen, Overview))
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("u")
        assert app.screen.query_one(Input).value in {"", "u"}


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_the_overview_fits(size: tuple[int, int]) -> None:
    app = Console(CannedFeed())
    async with app.run_test(size=size):
        await until(lambda: "FAIL" in screen_text(app))
        assert max(len(line) for line in screen_text(app).splitlines()) <= size[0]


async def test_a_feed_that_fails_is_told_and_the_console_lives_on() -> None:
    feed = CannedFeed()
    feed.broken = True
    app = Console(feed)
    async with app.run_test(size=(80, 24)):
        await until(lambda: "could not read" in screen_text(app))
        assert app.is_running


async def test_a_picture_that_nothing_replaced_is_never_shown_as_fresh() -> None:
    feed = CannedFeed()
    feed.behind = 60.0
    app = Console(feed)
    async with app.run_test(size=(80, 24)):
        await until(lambda: "STAL" in screen_text(app) and "STALE 6" in screen_text(app))
        table = [line for line in screen_text(app).splitlines() if line[1:].startswith(REGIONS)]
        assert len(table) == len(REGIONS)
        assert all("~ STAL" in line and "~33" in line for line in table)
        assert "  ok  " not in screen_text(app)


async def test_nothing_read_yet_is_not_called_well() -> None:
    feed = CannedFeed()
    feed.broken = True
    app = Console(feed)
    async with app.run_test(size=(80, 24)):
        await until(lambda: "no data yet" in screen_text(app))
        assert "  ?  " in screen_text(app).splitlines()[0]


async def test_enter_looks_closer_at_a_region_and_escape_comes_back_to_it() -> None:
    app = Console(CannedFeed())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "FAIL" in screen_text(app))
        assert "Region" in screen_text(app).splitlines()[-1]
        await pilot.press("j", "enter")
        await until(lambda: "replicas ready" in screen_text(app))
        text = screen_text(app)
        assert "ap-south-1  + OK" in text
        assert "2/2" in text
        assert max(len(line) for line in text.splitlines()) <= 80
        await pilot.press("escape")
        assert isinstance(app.screen, Overview)
        assert app.screen.selected == "ap-south-1"


async def test_a_long_plan_is_read_by_arrows_while_the_field_keeps_the_letters() -> None:
    feed = CannedFeed()
    feed.lines = [f"line {n}" for n in range(60)]
    app = Console(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(app.screen, Overview) and "FAIL" in screen_text(app))
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm) and "line 0" in screen_text(app))
        await asyncio.sleep(GUARD_SECONDS)
        await pilot.press(*["pagedown"] * 6)
        await until(lambda: "line 59" in screen_text(app))
        await pilot.press("u")
        assert app.screen.query_one(Input).value == "u"
    assert feed.started == []


async def test_help_lists_the_keys_of_the_screen() -> None:
    app = Console(CannedFeed())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: isinstance(app.screen, Overview))
        await pilot.press("question_mark")
        await until(lambda: "Capitals change the world" in screen_text(app))
        assert "Drill" in screen_text(app)


def test_the_last_wall_masks_what_no_one_cleaned() -> None:
    from rich.segment import Segment
    from textual.color import Color

    line = [Segment("ok\x1b[2J"), Segment("plain"), Segment("a\u202eb")]
    shown = TerminalFilter().apply(line, Color(0, 0, 0))
    assert "".join(s.text for s in shown) == "ok[2Jplainab"


async def test_a_freeze_is_seen_on_every_screen_and_no_capital_acts() -> None:
    feed = CannedFeed()
    app = Console(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "FAIL" in screen_text(app))
        assert "FROZEN" not in screen_text(app)
        feed.why = f"since 2026-11-24T22:00:00Z by ana@laptop: wrong region {HOSTILE}"
        await until(lambda: "FROZEN since 2026-11-24T22:00:00Z" in screen_text(app))
        assert "ana@laptop: wrong region" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        await pilot.press("D")
        await until(lambda: "infctl freeze --lift" in told(app))
        assert isinstance(app.screen, Overview)
        await pilot.press("enter")
        await until(lambda: not isinstance(app.screen, Overview))
        await until(lambda: "FROZEN" in screen_text(app))
        await pilot.press("D")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm)
        feed.why = ""
        await until(lambda: "FROZEN" not in screen_text(app))
        assert feed.started == []


async def test_a_freeze_during_the_question_is_obeyed_by_who_starts() -> None:
    class Frosty(CannedFeed):
        async def start_drill(self, proposal: Proposal) -> str:
            raise Frozen("frozen since noon", hint="infctl freeze --lift")

    app = Console(Frosty())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "FAIL" in screen_text(app))
        app.screen.query_one(DataTable).move_cursor(row=0)
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm))
        await asyncio.sleep(GUARD_SECONDS)
        await pilot.press(*"eu-west-1", "X")
        await until(lambda: "frozen since noon" in told(app))


FAILED = ("retry", "skip", "ungraceful", "undo", "stop")


def paused(verbs: tuple[str, ...] = FAILED) -> CannedFeed:
    feed = CannedFeed()
    feed.started = ["01abc"]
    feed.state, feed.verbs = "paused_by_failed_step", verbs
    return feed


async def test_a_paused_run_names_what_it_takes_and_fits() -> None:
    app = Console(paused())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await until(lambda: "T Retry" in screen_text(app))
        footer = screen_text(app).splitlines()[-1]
        for offered in ("T Retry", "K Skip", "G Ungraceful", "U Undo", "A Stop", "? Keys"):
            assert offered in footer
        assert "Pause" not in footer
        await pilot.press("H", "R")
        await pilot.pause()
        assert isinstance(app.screen, Timeline)


async def test_a_decision_is_made_by_its_typed_word_and_x_alone() -> None:
    feed = paused()
    app = Console(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await until(lambda: "T Retry" in screen_text(app))
        await pilot.press("U")
        await until(lambda: isinstance(app.screen, Decide))
        assert "infctl runs undo 01abc" in screen_text(app)
        await asyncio.sleep(GUARD_SECONDS)
        await pilot.press(*["enter"] * 9, *"UUU", *["backspace"] * 3, *"und", "X", "enter")
        assert feed.decided == []
        await pilot.press("escape", "U")
        await until(lambda: isinstance(app.screen, Decide))
        await asyncio.sleep(GUARD_SECONDS)
        await pilot.press(*"undo", "X")
        await until(lambda: feed.decided == [("01abc", "undo", "")])
        assert isinstance(app.screen, Timeline)


async def test_going_on_ungracefully_says_what_is_lost_and_wants_a_reason() -> None:
    feed = paused()
    app = Console(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await until(lambda: "T Retry" in screen_text(app))
        await pilot.press("G")
        await until(lambda: isinstance(app.screen, Decide))
        assert "what is lost: verify: clients may still be there" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        await asyncio.sleep(GUARD_SECONDS)
        await pilot.press("tab", *"ungraceful", "X")
        await pilot.pause()
        assert feed.decided == []
        await pilot.press(*"dns is slow", "tab", "X")
        await until(lambda: feed.decided == [("01abc", "ungraceful", "dns is slow")])


async def test_while_frozen_nothing_is_decided() -> None:
    feed = paused()
    feed.why = "since noon by ana: wrong region"
    app = Console(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await until(lambda: "T Retry" in screen_text(app))
        await pilot.press("T")
        await until(lambda: "infctl freeze --lift" in told(app))
        assert isinstance(app.screen, Timeline)
