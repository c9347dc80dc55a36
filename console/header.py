"""The one line on top: tool, class, environment, alerts, run, clock, age, always in this order.

While everything is frozen a banner below it says who stopped it, when and why.
"""

import time
from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from infctl.console.feed import Feed, Scope
from infctl.console.rows import STALE_SECONDS
from infctl.model.text import clean


@dataclass(frozen=True, slots=True)
class Glance:
    """What the last picture of the world said: regions that are not healthy, and its time."""

    bad: int = 0
    at: float | None = None


class Headline(Static):
    """The header of every screen."""

    DEFAULT_CSS = """
    Headline { height: auto; max-height: 3; width: 100%; background: $panel; }
    Headline.frozen { background: $error; color: $background; text-style: bold; }
    """

    def show(self, feed: Feed, glance: Glance) -> None:
        """Draw the line."""
        now = time.time()
        age = None if glance.at is None else max(0.0, now - glance.at)
        run = feed.latest_run() or ""
        line = headline(feed.scope, bad=glance.bad, run=run, age=age, now=now)
        frozen = feed.frozen()
        self.set_class(bool(frozen), "frozen")
        self.update(Content("\n".join([line, *banner(frozen)])))


def banner(frozen: str) -> list[str]:
    """The line that stands below the header while everything is frozen; at most two rows of 80."""
    return [f"FROZEN {clean(frozen, limit=145)}"] if frozen else []


def headline(scope: Scope, *, bad: int, run: str, age: float | None, now: float) -> str:
    """The header's text, at most 80 columns with names of usual length."""
    clock = time.strftime("%H:%M:%SZ", time.gmtime(now))
    aged = "no data yet" if age is None else f"age {age:.0f}s"
    is_fresh = age is not None and age <= STALE_SECONDS
    if age is not None and not is_fresh:
        aged = f"STALE {age:.0f}s"
    # What was not read, or long ago, is not known to be well.
    alerts = f"!{bad}" if bad else "ok" if is_fresh else "?"
    runs = f"run {run[-6:]}" if run else "no run"
    words = (
        "infctl",
        scope.kind.upper(),
        clean(scope.environment, limit=16),
        clean(scope.service, limit=16),
        alerts,
        runs,
        clock,
        aged,
    )
    return "  ".join(words)
