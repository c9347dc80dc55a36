"""The console: screens over a Feed. It draws and asks; it never changes the world itself."""

import contextlib
import signal
from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter

from infctl.console.confirm import Confirm
from infctl.console.feed import Feed
from infctl.console.header import Glance
from infctl.console.keys import Keys
from infctl.console.overview import Overview
from infctl.console.region import RegionScreen
from infctl.console.sanitiser import TerminalFilter
from infctl.console.theme import DARK
from infctl.console.timeline import Timeline
from infctl.errors import InfctlError
from infctl.model.text import clean


class Console(App[None]):
    """`infctl console`."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "infctl"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "overview", "Overview"),
        Binding("3", "timeline", "Failover"),
        Binding("question_mark", "keys", "Keys"),
        Binding("q", "leave", "Quit"),
    ]

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self.feed = feed
        self.filter_text = TerminalFilter()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Ours after Textual's own."""
        return [*super().get_line_filters(), self.filter_text]

    def on_mount(self) -> None:
        """Our colours, our signal handlers, the first screen."""
        self.register_theme(DARK)
        self.theme = DARK.name
        self._install_signals()
        self.push_screen(Overview(self.feed))

    async def on_unmount(self) -> None:
        """Give back the feed's connections."""
        await self.feed.close()

    def action_overview(self) -> None:
        """Back to the regions."""
        while not isinstance(self.screen, Overview) and len(self.screen_stack) > 1:
            self.pop_screen()

    def action_timeline(self) -> None:
        """The run under way, or the last one."""
        run = self.feed.latest_run()
        if run is None:
            self.notify("no run yet: D starts a drill", markup=False)
            return
        self.action_overview()
        self.show_run(run)

    def show_run(self, run: str) -> None:
        """The timeline of a run, over the overview, which goes on reading."""
        overview = next((s for s in self.screen_stack if isinstance(s, Overview)), None)
        glance = Glance if overview is None else overview.glance
        self.push_screen(Timeline(self.feed, run, glance))

    def action_keys(self) -> None:
        """The keys that work here."""
        if isinstance(self.screen, Keys):
            return
        places = (Console, type(self.screen), type(self.focused))
        ours = [b for place in places for b in vars(place).get("BINDINGS", ())]
        active = [found.binding for found in self.screen.active_bindings.values()]
        shown = [b for b in active if any(b.key == o.key and b.action == o.action for o in ours)]
        self.push_screen(Keys([(_name(b.key), b.description) for b in shown]))

    def action_leave(self) -> None:
        """Back, and at the root quit; runs go on."""
        if isinstance(self.screen, Overview):
            self.exit()
        else:
            self.pop_screen()

    def action_start_drill(self) -> None:
        """Plan the failover drill of the selected region and ask."""
        if self.feed.frozen():
            # The banner says who and why.
            said = "frozen: nothing is started\ninfctl freeze --lift"
            self.notify(said, severity="error", markup=False, timeout=15)
            return
        if isinstance(self.screen, Overview | RegionScreen):
            self.notify("planning; nothing is started yet", markup=False, timeout=3)
            self.propose_drill(self.screen.selected)

    @work(exclusive=True, group="drill", exit_on_error=False)
    async def propose_drill(self, region: str) -> None:
        """Shows the plan; only the typed name starts it."""
        try:
            proposal = await self.feed.plan_drill(region)
            title = f"Drill: {proposal.plan.summary}"
            lines = self.feed.describe(proposal)
            if await self.push_screen_wait(Confirm(clean(title), lines, region)):
                run = await self.feed.start_drill(proposal)
                self.show_run(run)
        except InfctlError as error:
            hint = f"; try: {error.hint}" if error.hint else ""
            self.notify(clean(f"{error.what}{hint}"), severity="error", markup=False, timeout=15)
        except Exception as error:
            said = f"a bug in infctl: {type(error).__name__}; nothing was started"
            self.notify(said, severity="error", markup=False, timeout=15)

    def _install_signals(self) -> None:
        # Textual leaves the alternate screen and mouse modes on when a signal ends it.
        import asyncio

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.exit, None, 128 + number)


def _name(key: str) -> str:
    return {"question_mark": "?", "escape": "Esc", "enter": "Enter"}.get(key, key)
