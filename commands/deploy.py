"""infctl deploy: bring the serving stack to every region, or see what that would change."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from infctl.commands.context import Context, context_of
from infctl.commands.output import Output, OutputOption, note, show, write
from infctl.errors import Exit, Refused, UsageError
from infctl.model.names import nearest

if TYPE_CHECKING:
    from infctl.engine.deploy.regions import Request
    from infctl.platform import Platform
    from infctl.platform.render.cloud import Store
    from infctl.ports.world import World

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Bring the serving stack to every region."
)
T = TypeVar("T")

RegionOption = Annotated[
    list[str] | None, typer.Option("--region", help="Only this region; may be given again.")
]
TimeoutOption = Annotated[float, typer.Option(min=0.1, help="Seconds that a region may take.")]
ForceOption = Annotated[
    bool, typer.Option("--force-conflicts", help="Take fields over from other managers.")
]
DetailedOption = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit 8 where something would change.")
]


@app.command()
def plan(
    ctx: typer.Context,
    region: RegionOption = None,
    timeout: TimeoutOption = 30.0,
    force_conflicts: ForceOption = False,
    detailed_exitcode: DetailedOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what `apply` would change, by a dry run on the servers.

    Examples: infctl deploy plan; infctl deploy plan --region eu-west-1 -o json
    """
    from infctl.commands.deploy_rows import PLAN_COLUMNS, plan_rows, quiet, totals
    from infctl.engine.deploy.plan import plan_everywhere

    request = _request(context_of(ctx), region, timeout, force_conflicts)
    plans = _in_world(context_of(ctx), request, plan_everywhere)
    results = [found.result for found in plans]
    rows = plan_rows(plans, everything=output is not Output.TABLE)
    if rows or output is not Output.TABLE:
        unknown = {"partial": any(result.error for result in results)}
        show("DeployPlan", rows, PLAN_COLUMNS, output=output, metadata=unknown)
    note(", ".join(f"{count} {action}" for action, count in totals(plans).items()))
    failed = any(result.failed for result in results)
    _leave(failed=failed, changes=detailed_exitcode and not quiet(results))


@app.command()
def apply(
    ctx: typer.Context,
    region: RegionOption = None,
    timeout: TimeoutOption = 180.0,
    force_conflicts: ForceOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, also in production.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Bring every region to what the platform file says, and wait until it serves.

    Regions are asked at the same time; one that fails leaves the others' results as they are.
    It holds the environment's lock meanwhile, and every write carries its fence.
    Applying again changes nothing. Examples: infctl deploy apply; infctl --env prod deploy apply
    """
    if dry_run:
        plan(ctx, region, timeout, force_conflicts, detailed_exitcode=False, output=output)
        return
    from infctl.commands.deploy_progress import show_progress
    from infctl.commands.deploy_rows import APPLY_COLUMNS, apply_rows, remarks
    from infctl.executor.deployment import deploy

    context = context_of(ctx)
    request = _request(context, region, timeout, force_conflicts)
    _confirm(request.platform, yes=yes)
    try:
        with show_progress(request.regions) as report:
            done = _in_world(context, request, lambda world, asked: deploy(world, asked, report))
    except (KeyboardInterrupt, SystemExit):
        note("interrupted; what was applied so far stays: infctl deploy plan shows what remains")
        raise
    show("DeployResult", apply_rows(done.results), APPLY_COLUMNS, output=output)
    for remark in (*remarks(done.results), *done.problems):
        note(remark)
    _leave(failed=any(result.failed for result in done.results))


@app.command()
def diff(
    ctx: typer.Context,
    region: RegionOption = None,
    timeout: TimeoutOption = 30.0,
    force_conflicts: ForceOption = False,
    detailed_exitcode: DetailedOption = False,
) -> None:
    """Show how live objects differ from the rendered ones, as unified diffs.

    The wanted side is what the servers would store, by a dry run. Example: infctl deploy diff
    """
    from infctl.commands.deploy_rows import quiet, remarks
    from infctl.engine.deploy.plan import plan_everywhere

    request = _request(context_of(ctx), region, timeout, force_conflicts)
    plans = _in_world(context_of(ctx), request, plan_everywhere)
    for found in plans:
        write(found.difference)
        if found.result.error:
            note(f"{found.result.region}: {found.result.error}")
    results = [found.result for found in plans]
    for remark in remarks(results):
        note(remark)
    failed = any(result.failed for result in results)
    _leave(failed=failed, changes=detailed_exitcode and not quiet(results))


@app.command()
def render(
    ctx: typer.Context,
    region: Annotated[str | None, typer.Argument(help="Only this region.")] = None,
    output: OutputOption = Output.YAML,
) -> None:
    """Write the rendered objects to stdout; no server is asked. Rendering again gives equal bytes.

    Examples: infctl deploy render eu-west-1 | kubectl apply -f -; infctl deploy render -o json
    """
    from infctl.platform.render.region import render_region
    from infctl.platform.yaml_writer import dump_all

    platform = context_of(ctx).load_whole_platform()
    names = _choose(platform, [region] if region else None)
    rendered = {name: render_region(platform, name).manifests(platform) for name in names}
    items = [manifest for manifests in rendered.values() for manifest in manifests]
    if output is Output.NAME:
        write("".join(f"{item['kind']}/{item['metadata']['name']}\n" for item in items))
        return
    if output is Output.JSONL:
        write("".join(json.dumps(item) + "\n" for item in items))
        return
    if output is Output.JSON:
        write(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2) + "\n")
        return
    for name, manifests in rendered.items():
        write(f"# region {name}\n{dump_all(manifests)}")


@app.command()
def status(
    ctx: typer.Context,
    region: RegionOption = None,
    timeout: TimeoutOption = 5.0,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show which generation every region runs, against the rendered one.

    Exits 6 where a region did not answer. Example: infctl deploy status
    """
    from infctl.commands.deploy_rows import STATUS_COLUMNS, status_rows
    from infctl.engine.deploy.status import read_status

    request = _request(context_of(ctx), region, timeout, force=False)
    found = _in_world(context_of(ctx), request, read_status)
    unknown = any(deployed.state == "unknown" for deployed in found)
    show(
        "DeployStatus",
        status_rows(found),
        STATUS_COLUMNS,
        output=output,
        metadata={"partial": unknown},
    )
    if unknown:
        raise typer.Exit(Exit.UNDECIDED)


def _request(context: Context, regions: list[str] | None, timeout: float, force: bool) -> "Request":
    from infctl.engine.deploy.regions import Request

    platform = context.load_platform()
    return Request(
        platform=platform,
        regions=_choose(platform, regions),
        stores=_stores(platform),
        timeout=timeout,
        force=force,
    )


def _choose(platform: "Platform", regions: list[str] | None) -> tuple[str, ...]:
    for name in regions or ():
        if name not in platform.region_names:
            meant = nearest(name, platform.region_names)
            known = f"one of: {', '.join(platform.region_names)}"
            hint = f"did you mean {meant}?" if meant else known
            raise UsageError(f"there is no region {name}", hint=hint)
    return tuple(dict.fromkeys(regions or platform.region_names))


def _stores(platform: "Platform") -> "dict[str, Store]":
    """Where health checkers reach each region's object store, by the environment's access file."""
    from urllib.parse import urlsplit

    from infctl.platform.render.cloud import Store
    from infctl.wiring import read_environment

    environment = read_environment(platform.environment)
    stores = {}
    for name, access in environment.regions.items():
        if access.cloud.endpoint:
            parts = urlsplit(access.cloud.endpoint)
            tls = parts.scheme == "https"
            port = parts.port or (443 if tls else 80)
            stores[name] = Store(parts.hostname or "", port, tls)
    return stores


def _in_world(
    context: Context, request: "Request", act: "Callable[[World, Request], Awaitable[T]]"
) -> T:
    async def run() -> T:
        world = context.open_world(request.platform)
        try:
            await world.warm()
            return await act(world, request)
        finally:
            await world.close()

    return asyncio.run(run())


def _confirm(platform: "Platform", *, yes: bool) -> None:
    """Production is never changed by accident."""
    if platform.environment_class != "prod" or yes:
        return
    name = platform.environment
    if not sys.stdin.isatty():
        raise Refused(
            f"{name} is production: say that you mean it",
            hint="infctl deploy apply --yes",
            unchanged="nothing was changed",
        )
    typed = typer.prompt(f"Type {name} to deploy to production", err=True)
    if typed != name:
        raise Refused("not confirmed", unchanged="nothing was changed")


def _leave(*, failed: bool, changes: bool = False) -> None:
    if failed:
        raise typer.Exit(Exit.FAILED)
    if changes:
        raise typer.Exit(Exit.CHANGES)
