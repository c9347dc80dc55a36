"""infctl restore."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infctl.commands import glass, planning, shifts
from infctl.commands.attend import attend
from infctl.commands.context import Context, context_of
from infctl.commands.options import (
    BreakGlassOption,
    DetachOption,
    DryRunOption,
    ReportOption,
    TimeoutOption,
    YesOption,
    overridden,
)
from infctl.commands.output import Output, OutputOption
from infctl.errors import InfctlError, UsageError, worst

if TYPE_CHECKING:
    from infctl.platform import Platform


def restore(
    ctx: typer.Context,
    region: Annotated[
        str | None, typer.Argument(help="The region that gets its traffic back.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the run.")] = "",
    expired: Annotated[
        bool,
        typer.Option("--expired", help="Each region whose shift is over and that is fit to serve."),
    ] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    break_glass: BreakGlassOption = None,
    detach: DetachOption = False,
    output: OutputOption = Output.TABLE,
    timeout: TimeoutOption = None,
    report: ReportOption = None,
) -> None:
    """Give a region its traffic back: ready first, then the switch, then seen in the answers.

    With --expired, regions that are not fit stay off, each with the reason (exit 3, or 6 where that
    could not be measured): made for cron and CI.

    Examples: infctl restore eu-west-1 --dry-run; infctl restore eu-west-1 --yes; infctl restore
    --expired --yes
    """
    if (region is None) is not expired:
        raise UsageError("name one region, or --expired", hint="infctl restore --help")
    if break_glass and region is None:
        raise UsageError("--break-glass is for one region by name", hint="infctl restore REGION")
    context = context_of(ctx)
    platform = context.load_platform()
    guards = overridden(break_glass, reason)
    asked = Asked(reason, dry_run, yes, detach, output, timeout, report, guards)
    if region is not None:
        planning.choose_region(platform, region)
        raise typer.Exit(_restore(context, platform, region, asked))
    regions, code = shifts.expired(context, platform)
    codes = [code]
    for name in regions:
        try:
            codes.append(_restore(context, platform, name, asked))
        except InfctlError as error:
            codes.append(shifts.tell_failure(name, error))
    raise typer.Exit(worst(*codes))


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that hold for every region."""

    reason: str
    dry_run: bool
    yes: bool
    detach: bool
    output: Output
    timeout: float | None
    report: Path | None
    overridden: frozenset[str]


def _restore(context: Context, platform: "Platform", region: str, asked: Asked) -> int:
    from infctl.runbooks.restore import plan

    prepared = planning.prepare(context, platform, lambda facts: plan(facts, region, asked.reason))
    if asked.dry_run:
        planning.show_plan(prepared, asked.output, asked.overridden, asked.reason)
        return planning.dry_run_code(prepared, asked.overridden)
    planning.stop_refused(prepared, asked.overridden)
    planning.confirm_yes(f"Give {region} its traffic back?", asked.yes, prepared)
    run = glass.start(context, prepared.plan, platform, asked.overridden, asked.report)
    if asked.detach:
        return planning.tell_detached(run, prepared.plan, asked.output)
    return attend(run, asked.output, asked.timeout)
