"""The one line on top: tool, class, environment, alerts, run, clock, age, always in this order."""

import time

from textual.content import Content
from textual.widgets import Static

from infctl.console.feed import Scope
from infctl.model.text import clean


class Headline(Static):
    """The header of every screen."""

    DEFAULT_CSS = "Headline { height: 1; width: 100%; background: $panel; }"

    def show(self, scope: Scope, *, bad: int, run: str, age: float | None) -> None:
        """Draw the line; `age` is None before the first answer."""
        self.update(Content(headline(scope, bad=bad, run=run, age=age, now=time.time())))


def headline(scope: Scope, *, bad: int, run: str, age: float | None, now: float) -> str:
    """The header's text, at most 80 columns with names of usual length."""
    clock = time.strftime("%H:%M:%SZ", time.gmtime(now))
    aged = "no data yet" if age is None else f"age {age:.0f}s"
    if age is not None and age > 10:
        aged = f"STALE {age:.0f}s"
    alerts = f"!{bad}" if bad else "ok"
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
