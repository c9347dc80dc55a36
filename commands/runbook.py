"""infctl runbook."""

from typing import Annotated

import typer

from infctl.commands.context import context_of
from infctl.commands.linting import lint_content, show_content
from infctl.commands.output import Output, OutputOption, show

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Remedies as plans: list, show, lint."
)


@app.command("list")
def list_runbooks(output: OutputOption = Output.TABLE) -> None:
    """The runbooks that there are."""
    from infctl.registry import RUNBOOKS

    items = [{"name": entry.name, "summary": entry.summary} for entry in RUNBOOKS]
    columns = [("RUNBOOK", "name"), ("SUMMARY", "summary")]
    show("RunbookList", items, columns, output=output, prefix="runbook/")


@app.command("show")
def show_runbook(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A runbook of `infctl runbook list`.")],
    output: OutputOption = Output.TABLE,
) -> None:
    """When a runbook is used, and its plan on a day on which all is well."""
    from infctl.registry import load_runbook

    show_content(context_of(ctx), load_runbook(name), output)


@app.command("lint")
def lint_runbooks(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Only this runbook.", show_default="all")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Judge runbooks' plans without an environment: undo, bounds, control planes, verification.

    Exit 3 where a rule is broken. Examples: infctl runbook lint; infctl runbook lint failover
    """
    from infctl.registry import RUNBOOKS, load_runbook

    names = [name] if name is not None else [entry.name for entry in RUNBOOKS]
    code = lint_content(context_of(ctx), [load_runbook(n) for n in names], output)
    raise typer.Exit(code)
