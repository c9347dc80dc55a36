"""A decision about a run: what it does is said, its word is typed, then X. Enter does nothing."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from infctl.console.confirm import TargetInput

WORDS = {
    "pause": "Pause at the next step's edge.",
    "resume": "Go on; what became of a step in the middle is read back first.",
    "retry": "Try the failed steps again.",
    "skip": "Go on without the failed steps; the run ends with exceptions.",
    "ungraceful": "Let what they did stand without having seen its effect.",
    "undo": "Take back what was done, the latest first, where it is still as it was left.",
    "stop": "End after the steps that must always run; nothing is taken back.",
}
NEEDS_REASON = ("skip", "ungraceful")


class Decide(ModalScreen[str | None]):
    """Dismissed with the reason, maybe empty, by the typed word and X; else with None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    Decide { align: center middle; }
    Decide Vertical { width: 76; height: auto; max-height: 22; border: round $warning;
                      padding: 0 1; background: $panel; }
    Decide Static { height: auto; }
    """

    def __init__(self, run: str, verb: str, lines: list[str]) -> None:
        super().__init__()
        self.run_id = run
        self.verb = verb
        self.lines = lines

    def compose(self) -> ComposeResult:
        """What it means, the reason where one is needed, the word."""
        reason = " --reason WHY" if self.verb in NEEDS_REASON else ""
        line = f"CLI: infctl runs {self.verb} {self.run_id}{reason}"
        with Vertical():
            said = [f"{self.verb}: {WORDS[self.verb]}", *self.lines, line]
            yield Static(Content("\n".join(said)), markup=False)
            if reason:
                yield Input(placeholder="why; Tab leads on", id="reason")
            yield TargetInput(self.verb)
            yield Static(
                Content(f"Type {self.verb}, then X. Escape leaves all as it is."), markup=False
            )

    def on_mount(self) -> None:
        """The first field takes the keys."""
        self.query(Input).first().focus()

    def on_target_input_typed(self) -> None:
        """The word is whole: leave with the reason, where there has to be one."""
        reason = "".join(field.value.strip() for field in self.query("#reason").results(Input))
        if self.verb in NEEDS_REASON and not reason:
            self.query("#reason").first().focus()
            return
        self.dismiss(reason)

    def action_cancel(self) -> None:
        """Nothing happens."""
        self.dismiss(None)
