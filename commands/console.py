"""infctl console."""

import sys
from typing import Any

import typer

from infctl.commands.context import context_of
from infctl.errors import UsageError


def console(ctx: typer.Context) -> None:
    """Open the terminal console: every region live, and the drill under way.

    Small keys and symbols change nothing; capitals may. Example: infctl --env lab console
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the console needs a terminal", hint="infctl status; infctl runs attach")
    context = context_of(ctx)
    platform = context.load_platform()
    world = context.open_world(platform)

    from infctl.console.app import Console
    from infctl.console.live import LiveFeed

    app: Any = Console(LiveFeed(platform, world, lambda: context.open_world(platform)))
    app.run()
    if app.return_code:
        raise typer.Exit(app.return_code)
