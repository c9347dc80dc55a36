"""The run under way: its steps, its clock, and what came out."""

from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from infctl.console.decide import Decide
from infctl.console.feed import Feed, RunPicture
from infctl.console.header import Glance, Headline
from infctl.errors import Frozen, InfctlError
from infctl.model.text import clean

SIGNS = {
    "done": "[x]",
    "running": "[>]",
    "failed": "[!]",
    "unknown": "[?]",
    "skipped": "[-]",
    "undone": "[<]",
    "waiting": "[ ]",
}


class Timeline(Screen[None]):
    """Follows a run's journal; closing this screen never touches the run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        # Known from the screen before; here the line below is for what the run takes.
        Binding("1", "app.overview", "Overview", show=False),
        Binding("3", "app.timeline", "Failover", show=False),
        Binding("H", "decide('pause')", "Pause"),
        Binding("R", "decide('resume')", "Resume"),
        Binding("T", "decide('retry')", "Retry"),
        Binding("K", "decide('skip')", "Skip"),
        Binding("G", "decide('ungraceful')", "Ungraceful"),
        Binding("U", "decide('undo')", "Undo"),
        Binding("A", "decide('stop')", "Stop"),
    ]
    DEFAULT_CSS = """
    Timeline #title { height: 2; }
    Timeline #steps { height: 1fr; overflow-y: auto; }
    Timeline #result { height: auto; max-height: 50%; }
    """

    def __init__(self, feed: Feed, run: str, glance: Callable[[], Glance] = Glance) -> None:
        super().__init__()
        self.feed = feed
        self.run_id = run
        self.glance = glance
        self.verbs: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Header, title with the clock, steps, result, footer."""
        yield Headline()
        yield Static(id="title", markup=False)
        yield Static(id="steps", markup=False)
        yield Static(id="result", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start following."""
        self.set_interval(1.0, self.draw_header)
        self.draw_header()
        self.follow()

    def draw_header(self) -> None:
        """Clock and age, every second."""
        self.query_one(Headline).show(self.feed, self.glance())

    @work(exclusive=True, exit_on_error=False)
    async def follow(self) -> None:
        """Draw each picture as it comes."""
        try:
            async for picture in self.feed.follow(self.run_id):
                self.draw(picture)
        except InfctlError as error:
            self.query_one("#result", Static).update(Content(clean(error.what)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the run takes now is offered."""
        return action != "decide" or parameters[0] in self.verbs

    @work(exclusive=True, group="decision", exit_on_error=False)
    async def action_decide(self, verb: str) -> None:
        """Ask; the executor's journal, which is followed anew, says what comes of it."""
        try:
            if self.feed.frozen():
                raise Frozen("frozen: nothing is decided", hint="infctl freeze --lift")
            lost = await self.feed.losses(self.run_id) if verb == "ungraceful" else []
            lines = [clean(f"what is lost: {line}", limit=300) for line in lost]
            reason = await self.app.push_screen_wait(Decide(self.run_id, verb, lines))
            if reason is not None:
                await self.feed.decide(self.run_id, verb, reason)
                self.follow()
        except InfctlError as error:
            hint = f"; try: {error.hint}" if error.hint else ""
            self.notify(clean(f"{error.what}{hint}"), severity="error", markup=False, timeout=15)

    def draw(self, picture: RunPicture) -> None:
        """The picture as text."""
        if picture.verbs != self.verbs:
            self.verbs = picture.verbs
            self.refresh_bindings()
        self.query_one("#title", Static).update(Content(title(picture)))
        self.query_one("#steps", Static).update(Content("\n".join(step_lines(picture))))
        self.query_one("#result", Static).update(Content("\n".join(picture.summary)))


def title(picture: RunPicture) -> str:
    """Two lines: which run, then its state, the time and the recovery clock."""
    leave = "" if picture.ended else "  q leaves it running"
    clock = f"  RTO {picture.clock}" if picture.clock else ""
    return (
        f"{clean(picture.name, limit=76)}\n"
        f"run {picture.run[-6:]}  {picture.state.upper()}  {picture.elapsed:.0f} s{clock}{leave}"
    )


def step_lines(picture: RunPicture) -> list[str]:
    """A line per step: sign, sentence, state, start and duration in seconds."""
    lines = []
    for _, sentence, state, start, duration in picture.steps:
        begun = "" if start is None else f"+{start:5.1f}"
        took = "" if duration is None else f"{duration:6.1f} s"
        sign = SIGNS.get(state, "[ ]")
        # Nothing waits in a run that has ended.
        word = "not run" if picture.ended and state == "waiting" else state
        lines.append(f"{sign} {clean(sentence, limit=46):<47}{word:<9}{begun:>7} {took:>9}")
    return lines
