"""The first screen: every region in one table, the evidence of the selected one below it."""

import asyncio
import time
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from infctl.console.feed import Feed, Row
from infctl.console.header import Glance, Headline
from infctl.console.region import RegionScreen
from infctl.console.rows import (
    HEADINGS,
    STALE_SECONDS,
    STATES,
    headline,
    region_cells,
    worst_first,
)
from infctl.errors import InfctlError
from infctl.model.overview import judge_service, region_rows
from infctl.model.snapshot import RegionSnapshot, Snapshot
from infctl.model.text import clean

REFRESH = 2.0
WIDTHS = {"REGION": 15, "STATE": 6}


class Regions(DataTable["Content"]):
    """The table; Enter looks closer, and never does more."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Region")]


class Overview(Screen[None]):
    """Regions, live from `observe`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
        Binding("D", "app.start_drill", "Drill"),
    ]
    DEFAULT_CSS = """
    Overview DataTable { height: auto; max-height: 60%; }
    Overview #summary { height: auto; padding: 1 0 0 0; }
    Overview #evidence { height: 1fr; padding: 1 0 0 0; }
    """

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.feed = feed
        self.snapshot: Snapshot | None = None
        self.rows: list[Row] = []
        self.trouble = ""

    def compose(self) -> ComposeResult:
        """Header, table, summary, evidence, footer."""
        yield Headline()
        yield Regions(cursor_type="row", zebra_stripes=False)
        yield Static(id="summary", markup=False)
        yield Static(id="evidence", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Draw the skeleton at once; data follows."""
        table = self.query_one(DataTable)
        for heading in HEADINGS:
            table.add_column(Text(heading), key=heading, width=WIDTHS.get(heading))
        for region in self.feed.scope.regions:
            cells = [Content(region), *(Content("-") for _ in HEADINGS[1:])]
            table.add_row(*cells, key=region)
        table.focus()
        self.set_interval(1.0, self.tick)
        self.draw_header()
        self.read_world()

    @work(exclusive=True, exit_on_error=False)
    async def read_world(self) -> None:
        """Read for ever; what goes wrong is shown and never ends the console."""
        while True:
            try:
                self.snapshot = await self.feed.snapshot(self.snapshot)
                self.trouble = ""
                self.draw(self.snapshot)
            except InfctlError as error:
                self.trouble = clean(error.what)
                self.draw_evidence()
            except Exception as error:
                # A bug in one reading must not leave an old picture that looks like a new one.
                self.trouble = f"a bug in infctl: {type(error).__name__}"
                self.draw_evidence()
            await asyncio.sleep(REFRESH)

    @property
    def selected(self) -> str:
        """The region under the cursor."""
        table = self.query_one(DataTable)
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key
        return str(key.value)

    def draw(self, snapshot: Snapshot) -> None:
        """Update the cells in place: the cursor stays on its region."""
        agreement = self.feed.scope.agreement
        self.rows = worst_first(region_rows(snapshot, agreement))
        self.draw_rows(time.time() - snapshot.at)
        self.order(self.query_one(DataTable))
        outcome = judge_service(snapshot, agreement)
        sentence = headline(self.rows, outcome.word.value, "; ".join(outcome.evidence))
        lines = (sentence, *self.feed.standing())
        self.query_one("#summary", Static).update(Content("\n".join(map(clean, lines))))
        self.draw_evidence()
        self.draw_header()

    def draw_rows(self, behind: float) -> None:
        """The cells of a picture that is `behind` seconds old."""
        table = self.query_one(DataTable)
        for row in self.rows:
            style = STATES["unknown" if behind > STALE_SECONDS else row["state"]][2]
            for heading, cell in zip(HEADINGS, region_cells(row, behind), strict=True):
                shown = (
                    Content.styled(cell, f"$text-{style}") if heading == "STATE" else Content(cell)
                )
                table.update_cell(row["name"], heading, shown, update_width=heading not in WIDTHS)

    def tick(self) -> None:
        """Every second: the header's clock, and the age of a picture that nothing replaced."""
        self.draw_header()
        behind = 0.0 if self.snapshot is None else time.time() - self.snapshot.at
        if behind > STALE_SECONDS:
            self.draw_rows(behind)

    def order(self, table: "DataTable[Content]") -> None:
        """The worst region on top; the cursor stays on its region, not on its line."""
        names = [row["name"] for row in self.rows]
        shown = [str(row.key.value) for row in table.ordered_rows]
        if names != shown:
            kept = self.selected
            table.sort("REGION", key=lambda cell: names.index(cell.plain))
            table.move_cursor(row=names.index(kept))

    def draw_header(self) -> None:
        """Clock and age."""
        self.query_one(Headline).show(self.feed, self.glance())

    def glance(self) -> Glance:
        """What the header of every screen says of the world."""
        bad = sum(row["state"] != "healthy" for row in self.rows)
        return Glance(bad, None if self.snapshot is None else self.snapshot.at)

    def draw_evidence(self) -> None:
        """What decided the verdict of the selected region."""
        row = next((r for r in self.rows if r["name"] == self.selected), None)
        lines = [] if row is None else _evidence(row)
        if self.trouble:
            lines.insert(0, f"could not read: {self.trouble}")
        self.query_one("#evidence", Static).update(Content("\n".join(lines)))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Follow the cursor."""
        del event
        self.draw_evidence()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter: all that is known of the region."""
        region = str(event.row_key.value)
        self.app.push_screen(RegionScreen(self.feed, region, self.look, self.glance))

    def look(self, name: str) -> tuple[Row | None, RegionSnapshot | None]:
        """A region's row and readings, as last read."""
        row = next((r for r in self.rows if r["name"] == name), None)
        return row, None if self.snapshot is None else self.snapshot.region(name)

    def action_down(self) -> None:
        """One row down."""
        self.query_one(DataTable).action_cursor_down()

    def action_up(self) -> None:
        """One row up."""
        self.query_one(DataTable).action_cursor_up()


def _evidence(row: dict[str, Any]) -> list[str]:
    shown = row["_display"]
    lines = [f"{row['name']}:", *(f"  {clean(sentence)}" for sentence in row["evidence"])]
    lines.append(f"  models {shown['versions']}")
    lines.append(
        f"  weight {shown['record_weight']}, in DNS: {shown['dns']},"
        f" slots busy {shown['busy']}%, Kubernetes {shown['kubernetes']}"
    )
    return lines
