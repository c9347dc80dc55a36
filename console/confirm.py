"""A severe action: the plan is shown, the name is typed, then X executes. Enter does nothing."""

import time
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

GUARD_SECONDS = 0.4
"""Keys that were queued before the dialog was drawn are ignored (auto-repeat, type-ahead)."""


class TargetInput(Input):
    """Takes typed characters only: no paste, and X executes once the name is whole."""

    class Typed(Message):
        """The name is whole and X was pressed."""

    def __init__(self, target: str) -> None:
        super().__init__(placeholder=f"type {target}, then X")
        self.target = target
        self.drawn = 0.0

    def on_mount(self) -> None:
        """Start the guard."""
        self.drawn = time.monotonic()

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()

    async def _on_key(self, event: events.Key) -> None:
        if time.monotonic() - self.drawn < GUARD_SECONDS and event.key != "escape":
            event.prevent_default()
            event.stop()
            return
        if event.key == "X":
            event.prevent_default()
            event.stop()
            if self.value == self.target:
                self.post_message(self.Typed())
            return
        await super()._on_key(event)


class Confirm(ModalScreen[bool]):
    """Dismissed with True only by the typed name and X."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("up", "scroll(-1)", "Up", show=False),
        Binding("down", "scroll(1)", "Down", show=False),
        Binding("pageup", "scroll(-10)", "Page up", show=False),
        Binding("pagedown", "scroll(10)", "Page down", show=False),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm Vertical { width: 76; height: auto; max-height: 22; border: round $warning;
                       padding: 0 1; background: $panel; }
    Confirm VerticalScroll { height: auto; max-height: 14; }
    Confirm Static { height: auto; }
    """

    def __init__(self, title: str, lines: list[str], target: str) -> None:
        super().__init__()
        self.title_text = title
        self.lines = lines
        self.target = target

    def compose(self) -> ComposeResult:
        """Title, plan, the field."""
        with Vertical():
            yield Static(Content(self.title_text), markup=False)
            with VerticalScroll(can_focus=False):
                yield Static(Content("\n".join(self.lines)), markup=False)
            yield TargetInput(self.target)
            yield Static(
                Content(
                    f"Type {self.target}, then X to execute. Arrows scroll."
                    " Escape leaves all as it is."
                ),
                markup=False,
            )

    def on_mount(self) -> None:
        """The field takes the keys."""
        self.query_one(TargetInput).focus()

    def on_target_input_typed(self) -> None:
        """The name was typed, then X."""
        self.dismiss(True)

    def action_scroll(self, lines: int) -> None:
        """Read on: the field keeps the keys that are typed."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_cancel(self) -> None:
        """Nothing happens."""
        self.dismiss(False)
