"""infctl restore."""

from typing import Annotated

import typer

from infctl.commands import planning
from infctl.commands.attend import attend
from infctl.commands.context import context_of
from infctl.commands.options import (
    DetachOption,
    DryRunOption,
    ReportOption,
    TimeoutOption,
    YesOption,
)
from infctl.commands.output import Output, OutputOption, note, write


def restore(
    ctx: typer.Context,
    region: Annotated[str, typer.Argument(help="The region that gets its traffic back.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the run.")] = "",
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    detach: DetachOption = False,
    output: OutputOption = Output.TABLE,
    timeout: TimeoutOption = None,
    report: ReportOption = None,
) -> None:
    """Give a region its traffic back: ready first, then the switch, then seen in the answers.

    Examples: infctl restore eu-west-1 --dry-run; infctl restore eu-west-1 --yes
    """
    context = context_of(ctx)
    platform = context.load_platform()
    planning.choose_region(platform, region)

    from infctl.runbooks.restore import plan

    prepared = planning.prepare(context, platform, lambda facts: plan(facts, region, reason))
    if dry_run:
        planning.show_plan(prepared, output)
        raise typer.Exit(planning.dry_run_code(prepared))
    planning.stop_refused(prepared)
    planning.confirm_yes(f"Give {region} its traffic back?", yes)
    run = planning.start(
        context, prepared.plan, platform, report=None if report is None else report.absolute()
    )
    if detach:
        note(f"the run goes on by itself: infctl runs attach {run}")
        write(f"{run}\n")
        return
    raise typer.Exit(attend(run, output, timeout))
