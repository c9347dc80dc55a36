"""infctl config: check and show the platform file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from infctl.commands.context import context_of
from infctl.commands.output import Output, OutputOption, document, note, show, write
from infctl.errors import Exit

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Check and show the platform file."
)


@app.command()
def schema(
    output: OutputOption = Output.JSON,
) -> None:
    """Print the JSON Schema of the platform file, for editors and CI.

    Example: infctl config schema > platform.schema.json
    """
    from infctl.platform.schema import build_schema

    document(build_schema(), output)


@app.command()
def lint(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="The platform file.")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Find every problem of the platform file, in all its environments, at once.

    Exits 78 where there is one. Examples: infctl config lint; infctl config lint f.yaml -o json
    """
    from infctl.platform import lint as find_problems

    path = file or context_of(ctx).platform_path
    problems = find_problems(path)
    if output in (Output.TABLE, Output.WIDE):
        write("".join(f"{problem}\n" for problem in problems))
    else:
        rows: list[dict[str, Any]] = [
            {
                "name": f"{p.file}:{p.line}:{p.column}",
                "file": p.file,
                "line": p.line,
                "column": p.column,
                "message": p.message,
            }
            for p in problems
        ]
        show("ProblemList", rows, [("PLACE", "name"), ("PROBLEM", "message")], output=output)
    if problems:
        raise typer.Exit(Exit.CONFIGURATION)
    note(f"{path}: no problems")


@app.command()
def view(ctx: typer.Context, output: OutputOption = Output.YAML) -> None:
    """Show the platform as one environment sees it: overlay applied, defaults filled in.

    Examples: infctl config view; infctl --env prod config view -o json
    """
    platform = context_of(ctx).load_whole_platform()
    merged = platform.model_dump(mode="json", by_alias=True)
    document(merged, output if output in (Output.JSON, Output.JSONL) else Output.YAML)


@app.command()
def bounds(ctx: typer.Context, output: OutputOption = Output.TABLE) -> None:
    """Show the recovery times that the configuration promises, and the sums behind them."""
    from infctl.platform import loss_bound, switch_bound

    platform = context_of(ctx).load_whole_platform()
    rows = [
        {
            "name": name,
            "seconds": bound.seconds,
            "interval": bound.interval,
            "threshold": bound.threshold,
            "ttl": bound.ttl,
            "timeout": bound.timeout,
            "_display": {"sum": str(bound)},
        }
        for name, bound in (
            ("region-loss", loss_bound(platform)),
            ("operated", switch_bound(platform)),
        )
    ]
    show("BoundList", rows, [("RECOVERY", "name"), ("BOUND", "sum")], output=output)
