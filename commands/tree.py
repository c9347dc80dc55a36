"""infctl commands: the whole command tree, from which docs, man pages and the palette are made."""

from typing import Any

import typer

from infctl.commands.index import COMMANDS
from infctl.commands.lazy import load
from infctl.commands.output import Output, OutputOption, show


def tree(ctx: typer.Context, output: OutputOption = Output.TABLE) -> None:
    """List every command with its help and flags."""
    rows: list[dict[str, Any]] = []
    for name, entry in COMMANDS.items():
        _walk(load(name, entry), ctx, name, rows)
    show("CommandList", rows, [("COMMAND", "name"), ("HELP", "help")], output=output)


def _walk(command: Any, ctx: Any, path: str, rows: list[dict[str, Any]]) -> None:
    children = getattr(command, "commands", {})
    help_text = (command.help or "").strip().split("\n")[0]
    flags = [o for p in command.params for o in p.opts if o.startswith("-")]
    arguments = [p.name for p in command.params if p.param_type_name == "argument"]
    if not children or command.callback:
        rows.append({"name": path, "help": help_text, "flags": flags, "arguments": arguments})
    for name, child in children.items():
        _walk(child, ctx, f"{path} {name}", rows)
