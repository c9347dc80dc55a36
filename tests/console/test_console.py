"""The console over a canned feed: what is seen, what keys do, and above all what they do not."""

import asyncio

import pytest
from canned_feed import REGIONS, CannedFeed, screen_text, until
from textual.widgets import DataTable, Input

from infctl.console.app import Console
from infctl.console.confirm import GUARD_SECONDS, Confirm
from infctl.console.overview import Overview
from infctl.console.sanitiser import TerminalFilter
from infctl.console.timeline import Timeline


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


async def test_what_stands_over_all_regions_is_seen_below_them() -> None:
    feed = CannedFeed()
    feed.over_all = ("broken glass, 1 without a review: \x1b[2J", "doctor, 12 min ago: clock")
    app = Console(feed)
    async with app.run_test(size=(80, 24)):
        await until(lambda: "FAIL" in screen_text(app))
        text = screen_text(app)
        assert "broken glass, 1 without a review" in text
        assert "doctor, 12 min ago" in text
        assert "\x1b" not in text
