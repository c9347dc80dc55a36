"""infctl status."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from infctl.commands import shifts
from infctl.commands.context import Context, context_of
from infctl.commands.output import Output, OutputOption, note, show, write
from infctl.errors import Exit, UsageError, worst
from infctl.model.names import nearest
from infctl.model.outcome import Outcome
from infctl.model.overview import Agreement, judge_service, region_rows
from infctl.model.shift import shift_line
from infctl.model.snapshot import Snapshot
from infctl.model.text import clean

if TYPE_CHECKING:
    from infctl.executor.alarms import Reviews
    from infctl.observe.shifts import Shifts
    from infctl.observe.snapshot import Target
    from infctl.platform import Platform
    from infctl.ports.world import World

COLUMNS = [
    ("REGION", "name"),
    ("STATE", "state"),
    ("TRAF%", "traffic"),
    ("REQ/S", "requests"),
    ("ERR%", "errors"),
    ("P50MS", "p50_ms"),
    ("P99MS", "p99_ms"),
    ("QUEUE", "waiting"),
    ("READY", "ready"),
    ("DNS", "dns"),
    ("AGE", "age"),
]
WIDE = [
    ("BUSY%", "busy"),
    ("WEIGHT", "record_weight"),
    ("KUBERNETES", "kubernetes"),
    ("GENERATION", "revision"),
    ("MODELS", "versions"),
]
WATCH_INTERVAL = 2.0


class Look(NamedTuple):
    """What one reading found, and who broke the glass without a review so far."""

    snapshot: Snapshot
    off: "Shifts"
    reviews: "Reviews"


def status(
    ctx: typer.Context,
    region: Annotated[str | None, typer.Argument(help="Only this region.")] = None,
    output: OutputOption = Output.TABLE,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow until Ctrl-C.")] = False,
    exit_status: Annotated[
        bool, typer.Option("--exit-status", help="Exit 3 where a region is degraded or down.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that a region may take.")] = 2.0,
) -> None:
    """Every region's health with the evidence that decided it, and the service against its SLA.

    Examples: infctl status; infctl status eu-west-1 -o json; infctl status -w
    """
    context = context_of(ctx)
    platform = context.load_platform()
    names = _choose(platform, region)
    agreement = Agreement(platform.service.sla.availability, platform.service.sla.latency_p99)
    code = asyncio.run(
        _run(context, platform, names, agreement, output, watch, timeout, exit_status)
    )
    if code:
        raise typer.Exit(code)


def _choose(platform: "Platform", region: str | None) -> tuple[str, ...]:
    names = tuple(r.name for r in platform.regions)
    if region is None:
        return names
    if region not in names:
        close = nearest(region, names)
        hint = f"infctl status {close}" if close else f"one of: {', '.join(names)}"
        raise UsageError(f"there is no region {region}", hint=hint)
    return (region,)


async def _run(
    context: Context,
    platform: "Platform",
    names: tuple[str, ...],
    agreement: Agreement,
    output: Output,
    watch: bool,
    timeout: float,
    exit_status: bool,
) -> int:
    from infctl.observe.snapshot import Target

    world = context.open_world(platform)
    service = platform.service
    # A share of traffic needs all regions, also where one is shown.
    regions = tuple(r.name for r in platform.regions)
    target = Target(service.name, service.host, service.zone, regions)
    code = int(Exit.DONE)
    try:
        async for look in _looks(world, platform, target, timeout, watch):
            code = _print(look, names, agreement, service.name, output, watch, exit_status)
    finally:
        await world.close()
    return code


async def _looks(
    world: "World", platform: "Platform", target: "Target", timeout: float, watch: bool
) -> AsyncIterator[Look]:
    from infctl.executor.alarms import read_reviews
    from infctl.observe.snapshot import observe

    await world.warm()
    previous: Snapshot | None = None
    while True:
        snapshot, off, reviews = await asyncio.gather(
            observe(world, target, previous=previous, deadline=timeout),
            shifts.read(world, platform, timeout),
            read_reviews(world, timeout),
        )
        previous = snapshot
        yield Look(snapshot, off, reviews)
        if not watch:
            return
        await asyncio.sleep(WATCH_INTERVAL)


def _print(
    look: Look,
    names: tuple[str, ...],
    agreement: Agreement,
    service: str,
    output: Output,
    watch: bool,
    exit_status: bool,
) -> int:
    snapshot, off, reviews = look
    outcome = judge_service(snapshot, agreement)
    rows = [row for row in region_rows(snapshot, agreement) if row["name"] in names]
    silent = [row["name"] for row in rows if row["cluster_version"]["value"] is None]
    if output in (Output.TABLE, Output.WIDE) and watch and sys.stdout.isatty():
        write("\x1b[H\x1b[J")
    form = Output.JSONL if watch and output is Output.JSON else output
    show(
        "RegionList",
        rows,
        COLUMNS,
        wide=WIDE,
        output=form,
        prefix="region/",
        metadata={
            "partial": bool(silent),
            "shifts": [shifts.shift_item(s, snapshot.at) for s in off.active],
            "open_reviews": [r.alarm.run for r in reviews.open],
            "service": {
                "name": service,
                "outcome": outcome.word.value,
                "evidence": outcome.evidence,
            },
        },
    )
    if output in (Output.TABLE, Output.WIDE):
        write(_evidence(rows, outcome, service, agreement))
        lines = [*_shift_lines(off, snapshot.at), *filter(None, [reviews.sentence])]
        write("".join(f"{line}\n" for line in lines))
    if silent:
        note(f"no answer from the Kubernetes API of {', '.join(silent)}")
    return _code(rows, silent, exit_status)


def _evidence(
    rows: list[dict[str, Any]], outcome: Outcome, service: str, agreement: Agreement
) -> str:
    lines = [f"{row['name']}: {clean('; '.join(row['evidence']))}" for row in rows]
    agreed = f"{agreement.availability:.2%} available, p99 {agreement.latency_p99 * 1000:.0f} ms"
    evidence = clean("; ".join(outcome.evidence))
    lines.append(f"service {service}: SLA {outcome.word.value} ({evidence}); agreed: {agreed}")
    return "\n" + "\n".join(lines) + "\n"


def _shift_lines(off: "Shifts", now: float) -> list[str]:
    """Who keeps which region off until when, and the next command where that is over."""
    lines = [shift_line(shift, now) for shift in off.active]
    if any(shift.is_expired(now) or shift.expires_soon(now) for shift in off.active):
        lines.append("next: infctl restore --expired, or infctl failover REGION --for TIME")
    return lines


def _code(rows: list[dict[str, Any]], silent: list[str], exit_status: bool) -> int:
    bad = exit_status and any(row["state"] in ("degraded", "down") for row in rows)
    undecided = silent or (exit_status and any(row["state"] == "unknown" for row in rows))
    return worst(Exit.MEASURED_BAD if bad else 0, Exit.UNDECIDED if undecided else 0)
