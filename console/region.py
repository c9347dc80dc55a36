"""One region: each value with its age and its source, and why it is missing where it is."""

import time
from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from infctl.console.details import detail_lines
from infctl.console.feed import Feed, Row
from infctl.console.header import Glance, Headline
from infctl.model.snapshot import RegionSnapshot

Look = Callable[[str], tuple[Row | None, RegionSnapshot | None]]


class RegionScreen(Screen[None]):
    """Drawn each second from what the overview below it reads."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
        Binding("D", "app.start_drill", "Drill"),
    ]

    def __init__(self, feed: Feed, region: str, look: Look, glance: Callable[[], Glance]) -> None:
        super().__init__()
        self.feed = feed
        self.selected = region
        self.look = look
        self.glance = glance

    def compose(self) -> ComposeResult:
        """Header, the values, footer."""
        yield Headline()
        with VerticalScroll():
            yield Static(id="details", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Draw now and every second."""
        self.query_one(VerticalScroll).focus()
        self.set_interval(1.0, self.draw)
        self.draw()

    def draw(self) -> None:
        """What is known of the region now."""
        self.query_one(Headline).show(self.feed, self.glance())
        row, region = self.look(self.selected)
        lines: list[Any] = [self.selected, "  not read yet"]
        if row is not None and region is not None:
            lines = detail_lines(row, region, time.time())
        self.query_one("#details", Static).update(Content("\n".join(lines)))

    def action_down(self) -> None:
        """One line down."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_up(self) -> None:
        """One line up."""
        self.query_one(VerticalScroll).scroll_up(animate=False)
