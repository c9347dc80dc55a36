"""The console while everything is frozen, and what it takes to decide about a run."""

import asyncio

from canned_feed import HOSTILE, CannedFeed, screen_text, told, until
from textual.widgets import DataTable

from infctl.console.app import Console
from infctl.console.confirm import GUARD_SECONDS, Confirm
from infctl.console.decide import Decide
from infctl.console.overview import Overview
from infctl.console.timeline import Timeline
from infctl.errors import Frozen
from infctl.model.proposal import Proposal


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
