"""infctl drill."""

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands import planning
from infctl.commands.attend import attend, show_result
from infctl.commands.context import context_of
from infctl.commands.options import (
    ConfirmOption,
    DetachOption,
    DryRunOption,
    ReportOption,
    TimeoutOption,
    YesOption,
    bare_id,
)
from infctl.commands.output import Output, OutputOption, note, show, timestamp
from infctl.commands.run_result import code_of

if TYPE_CHECKING:
    from infctl.content.facts import Facts
    from infctl.drills.failover import Settings
    from infctl.model.plan import Plan
    from infctl.model.proposal import Proposal
    from infctl.platform import Platform

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Rehearse a failure and measure recovery."
)

PATIENCE = 30.0


class Mode(StrEnum):
    """Who recovers: health checks alone, or our verb."""

    REGION_LOSS = "region-loss"
    OPERATED = "operated"


@app.command("failover")
def failover(
    ctx: typer.Context,
    region: Annotated[str | None, typer.Option(help="The region to lose (default: last).")] = None,
    mode: Annotated[Mode, typer.Option(help="Who recovers.")] = Mode.REGION_LOSS,
    load: Annotated[
        float | None, typer.Option(min=1, max=100_000, help="Requests per second, all clients.")
    ] = None,
    users: Annotated[int | None, typer.Option(min=1, max=100_000, help="Clients.")] = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    confirm: ConfirmOption = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the run; production wants it.")] = "",
    detach: DetachOption = False,
    output: OutputOption = Output.TABLE,
    timeout: TimeoutOption = None,
    report: ReportOption = None,
) -> None:
    """Lose a region under real traffic, measure how long clients suffer, heal, restore.

    Examples: infctl drill failover; infctl drill failover --mode operated --region eu-west-1
    """
    context = context_of(ctx)
    platform = context.load_platform()
    chosen = planning.choose_region(platform, region or platform.region_names[-1])
    if platform.environment_class == "prod" and not dry_run:
        reason = planning.reason_for(f"drill failover --region {chosen}", reason, confirm)
    settings = _settings(chosen, mode, load, users)
    prepared = planning.prepare(
        context, platform, lambda facts: _plan(facts, settings, reason), patience=PATIENCE
    )
    if dry_run:
        planning.show_plan(prepared, output)
        raise typer.Exit(planning.dry_run_code(prepared))
    planning.stop_refused(prepared)
    _confirm(platform, chosen, yes, confirm, prepared)
    _announce(prepared.plan)
    run = planning.start(
        context,
        prepared.plan,
        platform,
        on_failure="undo",
        report=None if report is None else report.absolute(),
    )
    if detach:
        raise typer.Exit(planning.tell_detached(run, prepared.plan, output))
    raise typer.Exit(attend(run, output, timeout))


@app.command("list")
def list_drills(output: OutputOption = Output.TABLE) -> None:
    """The drills that there are."""
    from infctl.registry import DRILLS

    items = [{"name": entry.name, "summary": entry.summary} for entry in DRILLS]
    columns = [("DRILL", "name"), ("SUMMARY", "summary")]
    show("DrillList", items, columns, output=output, prefix="drill/")


@app.command("lint")
def lint_drills(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Only this drill.", show_default="all")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Judge drills' plans without an environment; exit 3 where a rule is broken."""
    from infctl.commands.linting import lint_content
    from infctl.registry import DRILLS, load_drill

    names = [name] if name is not None else [entry.name for entry in DRILLS]
    code = lint_content(context_of(ctx), [load_drill(n) for n in names], output)
    raise typer.Exit(code)


@app.command("history")
def history(output: OutputOption = Output.TABLE) -> None:
    """The drills that ran, the newest first, with what they measured."""
    from infctl.executor.watch import list_runs

    items = [
        _history_item(view)
        for view in list_runs()
        if view.plan is not None and "drill" in view.plan.parameters
    ]
    columns = [
        ("RUN", "name"),
        ("DRILL", "drill"),
        ("REGION", "region"),
        ("MODE", "mode"),
        ("STATE", "state"),
        ("OUTCOME", "outcome"),
        ("RTO", "rto"),
        ("STARTED", "started"),
    ]
    below = ("drill", "region", "mode", "started")
    show("DrillRunList", items, columns, output=output, below=below, prefix="run/")


@app.command("show")
def show_drill(
    run: Annotated[
        str, typer.Argument(help="A run's id, its beginning, or latest.", callback=bare_id)
    ] = "latest",
    output: OutputOption = Output.TABLE,
) -> None:
    """One drill's result."""
    from infctl.executor.watch import read_run

    view = read_run(run)
    show_result(view, output)
    raise typer.Exit(code_of(view))


def _settings(region: str, mode: Mode, load: float | None, users: int | None) -> "Settings":
    from infctl.drills.failover import Settings

    return Settings(region, mode.value, load, users)


def _plan(facts: "Facts", settings: "Settings", reason: str) -> "Plan":
    from infctl.drills.failover import plan

    facts.address(settings.region)
    made = plan(facts, settings)
    return replace(made, parameters={**made.parameters, "reason": reason}) if reason else made


def _confirm(
    platform: "Platform", region: str, yes: bool, confirm: str | None, prepared: "Proposal"
) -> None:
    """Simulated environments ask nothing, production always wants the name."""
    if platform.environment_class == "prod":
        planning.confirm_target(region, confirm, f"drill failover --region {region}", prepared)
    elif platform.environment_class != "sim":
        planning.confirm_yes(f"Lose {region} in {platform.environment}?", yes, prepared)


def _announce(plan: "Plan") -> None:
    settings: dict[str, Any] = plan.parameters["route53"]
    note(
        f"{plan.summary} in {plan.environment}: {plan.parameters['rate']:g} requests/s;"
        f" bound {plan.parameters['bound_text']}"
    )
    note(
        f"Route 53: interval {settings['interval']:g} s, threshold {settings['failure_threshold']},"
        f" TTL {settings['ttl']:g} s"
    )


def _history_item(view: Any) -> dict[str, Any]:
    parameters = view.plan.parameters
    result = view.result or {}
    rto = (result.get("recovery") or {}).get("rto")
    return {
        "name": view.run,
        "drill": parameters["drill"],
        "region": parameters.get("region", ""),
        "mode": parameters.get("mode", ""),
        "state": str(view.state),
        "outcome": result.get("outcome", ""),
        "rto": rto,
        "started": timestamp(view.started),
        "_display": {"rto": "" if rto is None else f"{rto:.1f} s"},
    }
