"""The keys of the screen below, made from its bindings."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Keys(ModalScreen[None]):
    """What can be typed here; capitals change the world, all others do not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back"),
        Binding("q", "dismiss", "Back", show=False),
        Binding("question_mark", "dismiss", "Back", show=False),
    ]
    DEFAULT_CSS = """
    Keys { align: center middle; }
    Keys Static {
        width: 60; height: auto; padding: 1 2;
        border: round $primary; background: $panel;
    }
    """

    def __init__(self, bindings: list[tuple[str, str]]) -> None:
        super().__init__()
        self.rows = bindings

    def compose(self) -> ComposeResult:
        """A line per key."""
        lines = [f"{key:<10} {what}" for key, what in self.rows]
        note = "Capitals change the world; nothing else does."
        yield Static(Content("\n".join([*lines, "", note])), markup=False)
