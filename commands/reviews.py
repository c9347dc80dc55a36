"""infctl reviews: who broke the glass, and whether somebody has looked into it."""

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands.context import Context, context_of
from infctl.commands.options import bare_id
from infctl.commands.output import Output, OutputOption, note, show, timestamp
from infctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from infctl.executor.alarms import Reviews
    from infctl.model.alarm import Closing, Review

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Broken glass: what is to be looked into."
)
COLUMNS = [
    ("RUN", "name"),
    ("STATE", "state"),
    ("OVERRODE", "guards"),
    ("BY", "by"),
    ("AT", "at"),
    ("REASON", "reason"),
]
WIDE = [("WHAT", "what"), ("NOT YET TOLD", "waiting"), ("CLOSED BY", "closed_by")]
_PATIENCE = 2.0
_BELOW = ("by", "reason")


@app.command("list")
def list_reviews(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Reviews that are open, by this machine and every cluster; exit 6 where one did not answer.

    Example: infctl reviews list --all -o json
    """
    reviews = asyncio.run(_read(context_of(ctx)))
    shown = reviews.found if everything else reviews.open
    items = [_item(review, reviews.waiting.get(review.alarm.run, ())) for review in shown]
    is_partial = bool(reviews.silent)
    metadata = {"open": len(reviews.open), "partial": is_partial}
    if items or output not in (Output.TABLE, Output.WIDE):
        show(
            "ReviewList",
            items,
            COLUMNS,
            wide=WIDE,
            output=output,
            below=_BELOW,
            prefix="review/",
            metadata=metadata,
        )
    _tell(reviews)
    raise typer.Exit(Exit.UNDECIDED if is_partial else Exit.DONE)


@app.command("close")
def close(
    ctx: typer.Context,
    review: Annotated[
        str, typer.Argument(metavar="RUN", help="The run's id, or its beginning.", callback=bare_id)
    ],
    reason: Annotated[str, typer.Option(help="What was found; kept with the review.")] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Close the review of a run that broke the glass, here and in every cluster.

    Example: infctl reviews close 01k --reason "capacity was there, the metrics were not"
    """
    from infctl.executor.launch import whoami
    from infctl.model.alarm import Closing

    if not reason.strip():
        raise UsageError("reviews close needs --reason")
    closing = Closing(whoami(), time.time(), reason.strip()[:400])
    closed, missing = asyncio.run(_close(context_of(ctx), review, closing))
    note(f"the review of run {closed.alarm.run} is closed")
    for channel, why in missing.items():
        note(f"{channel} is told later: {why}")
    if output not in (Output.TABLE, Output.WIDE):
        items = [_item(closed, tuple(missing))]
        show("Review", items, (), output=output, prefix="review/")


async def _read(context: Context) -> "Reviews":
    from infctl.executor.alarms import deliver, read_reviews

    world = context.open_world(context.load_platform())
    try:
        await world.warm()
        with contextlib.suppress(TimeoutError):
            # What can be told now is not shown as waiting.
            async with asyncio.timeout(_PATIENCE):
                await deliver(world)
        return await read_reviews(world)
    finally:
        await world.close()


async def _close(context: Context, run: str, closing: "Closing") -> "tuple[Review, dict[str, str]]":
    from infctl.executor.alarms import close_review

    world = context.open_world(context.load_platform())
    try:
        await world.warm()
        return await close_review(world, run, closing)
    finally:
        await world.close()


def _tell(reviews: "Reviews") -> None:
    closed = len(reviews.found) - len(reviews.open)
    if reviews.open:
        note(f"{len(reviews.open)} open, {closed} closed: infctl reviews close RUN --reason WHY")
    else:
        note(f"no review is open, {closed} closed")
    for run, channels in reviews.waiting.items():
        note(f"run {run}: not told yet: {', '.join(channels)}")
    for region, why in reviews.silent.items():
        note(f"what {region} knows was not read: {why}")


def _item(review: "Review", waiting: tuple[str, ...]) -> dict[str, Any]:
    alarm, closing = review.alarm, review.closing
    return {
        "name": alarm.run,
        "state": review.state,
        "environment": alarm.environment,
        "what": alarm.what,
        "guards": list(alarm.guards),
        "reason": alarm.reason,
        "by": alarm.by,
        "at": timestamp(alarm.at),
        "evidence": list(alarm.evidence),
        "waiting": list(waiting),
        "closed_by": "" if closing is None else closing.by,
        "closed_at": None if closing is None else timestamp(closing.at),
        "closed_why": "" if closing is None else closing.why,
        "_display": {"guards": ", ".join(alarm.guards), "waiting": ", ".join(waiting)},
    }
