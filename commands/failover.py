"""infctl failover."""

from typing import TYPE_CHECKING, Annotated

import typer

from infctl.commands import glass, planning
from infctl.commands.attend import attend
from infctl.commands.context import Context, context_of
from infctl.commands.options import (
    BreakGlassOption,
    ConfirmOption,
    DetachOption,
    DryRunOption,
    ReportOption,
    TimeoutOption,
    overridden,
)
from infctl.commands.output import Output, OutputOption
from infctl.commands.shifts import list_shifts, parse_keep
from infctl.errors import UsageError
from infctl.model.proposal import Proposal

if TYPE_CHECKING:
    from infctl.platform import Platform

KeepOption = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="When it expires: 4h, 90m.", show_default="72h"),
]
ReadyOption = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=100.0,
        metavar="PERCENT",
        help="Of the pods that take over, so many must be ready before traffic moves.",
    ),
]


def failover(
    ctx: typer.Context,
    region: Annotated[str | None, typer.Argument(help="The region that clients leave.")] = None,
    reason: Annotated[str, typer.Option(help="Why; wanted; kept in the run and the switch.")] = "",
    keep: KeepOption = None,
    ready: ReadyOption = 100.0,
    listed: Annotated[
        bool, typer.Option("--list", help="Show regions that are switched off, and until when.")
    ] = False,
    dry_run: DryRunOption = False,
    confirm: ConfirmOption = None,
    break_glass: BreakGlassOption = None,
    detach: DetachOption = False,
    output: OutputOption = Output.TABLE,
    timeout: TimeoutOption = None,
    report: ReportOption = None,
) -> None:
    """Move traffic away from a region: capacity first, then the switch, then proof on traffic.

    Examples: infctl failover eu-west-1 --dry-run; infctl failover eu-west-1 --confirm=eu-west-1
    --reason "bad power" --for 4h; infctl failover --list
    """
    context = context_of(ctx)
    if listed:
        raise typer.Exit(list_shifts(context, output))
    if region is None:
        raise UsageError("name the region that clients leave", hint="infctl failover --help")
    platform = context.load_platform()
    planning.choose_region(platform, region)
    guards, seconds = overridden(break_glass, reason), parse_keep(keep)
    if not dry_run:
        reason = planning.reason_for(f"failover {region}", reason, confirm)
    prepared = _prepare(context, platform, region, reason, seconds, ready)
    if dry_run:
        planning.show_plan(prepared, output, guards, reason)
        raise typer.Exit(planning.dry_run_code(prepared, guards))
    planning.stop_refused(prepared, guards)
    planning.confirm_target(region, confirm, "failover", prepared)
    run = glass.start(context, prepared.plan, platform, guards, report)
    if detach:
        raise typer.Exit(planning.tell_detached(run, prepared.plan, output))
    raise typer.Exit(attend(run, output, timeout))


def _prepare(
    context: Context, platform: "Platform", region: str, reason: str, keep: float, ready: float
) -> Proposal:
    from infctl.runbooks.failover import plan

    return planning.prepare(
        context, platform, lambda facts: plan(facts, region, reason, keep=keep, ready=ready)
    )
