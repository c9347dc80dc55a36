"""A command group that knows its commands' names and help, and imports one only to run it."""

import contextlib
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build

from infctl.commands.index import COMMANDS, Entry


def load(name: str, entry: Entry) -> Any:
    """Import a command's module and build the command."""
    target = getattr(import_module(entry.module), entry.attribute)
    if isinstance(target, typer.Typer):
        target.info.cls = VerbGroup
        command = build(target)
    else:
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name)(target)
        command = build(single)
    command.name = name
    return command


class VerbGroup(TyperGroup):
    """A noun's verbs; named without one, its help goes to stderr: stdout is for results."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Typer prints help wherever stdout is while it makes the error."""
        if args or ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        with contextlib.redirect_stdout(sys.stderr):
            return super().parse_args(ctx, args)


class LazyGroup(TyperGroup):
    """The root group over `index.COMMANDS`: stand-ins with help until one is about to run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            stand_in = TyperCommand(name, help=entry.help, rich_help_panel=entry.panel)
            self.commands[name] = stand_in
        self._loaded: set[str] = set()

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the index."""
        del ctx
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load what is about to run, or to be completed."""
        name = args[0] if args else ""
        if name in COMMANDS and name not in self._loaded:
            self.commands[name] = load(name, COMMANDS[name])
            self._loaded.add(name)
        return super().resolve_command(ctx, args)
