"""infctl doctor."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands.context import Context, context_of
from infctl.commands.glass import deliver_waiting
from infctl.commands.output import Output, OutputOption, note, show, timestamp
from infctl.errors import Exit, InfctlError, UsageError, worst
from infctl.model.outcome import Word

if TYPE_CHECKING:
    from infctl.engine.readiness import Diagnosis
    from infctl.executor.looking import Look
    from infctl.platform import Platform

COLUMNS = [
    ("CHECK", "name"),
    ("PLACE", "place"),
    ("RESULT", "outcome"),
    ("EVIDENCE", "evidence"),
    ("NEXT", "next"),
]
BELOW = ("evidence", "next")
_SHORTEST = 10.0
_POLL = 2.0
_POLLS_AN_ERRAND = 10
State = dict[tuple[str, str], tuple[str, tuple[str, ...]]]


def doctor(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what passed.")] = False,
    every: Annotated[
        str | None,
        typer.Option(
            "--every",
            metavar="TIME",
            help="Go on: look so often and on change; print news.",
        ),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Whether a recovery would work now: credentials, rights, capacity, fences, clocks, disk.

    Exit 3 where a check failed, 6 where one could not be made. Examples: infctl doctor; infctl
    doctor --all -o json; infctl doctor --every 30m
    """
    context = context_of(ctx)
    if every is None:
        found = _diagnose(context, context.load_platform())
        raise typer.Exit(_print(found, output, everything))
    _repeat(context, _period(every), output)


def _period(text: str) -> float:
    from infctl.platform.units import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--every: {error}", hint="--every 30m") from None
    if seconds < _SHORTEST:
        raise UsageError("--every takes 10s at least", hint="--every 30m")
    return seconds


def _repeat(context: Context, period: float, output: Output) -> None:
    """Until Ctrl-C; a look that fails as a whole is told, and the next one tries again."""
    from infctl.executor.looking import Look, mark_of

    before: State | None = None
    environment = context.named_environment or ""
    while True:
        began, mark = time.time(), mark_of(context.platform_path, environment)
        try:
            platform = context.load_platform()
            environment = platform.environment
            mark = mark_of(context.platform_path, environment)
            before = _print_changes(_diagnose(context, platform), before, output)
        except InfctlError as error:
            note(f"{timestamp()} nothing was checked: {error.what}")
        last, file = Look(began, mark, 0), context.platform_path
        errand = partial(deliver_waiting, context, environment)
        wait_until_due(last, period, partial(mark_of, file, environment), errand)


def wait_until_due(
    last: "Look", period: float, mark: Callable[[], str], errand: Callable[[], None]
) -> None:
    """Until the period is over or something has changed since the last look; `errand` meanwhile."""
    from infctl.executor.looking import is_busy, is_due

    polls = 0
    while not is_due(last, now=time.time(), mark=mark(), busy=is_busy(), period=period):
        polls += 1
        if polls % _POLLS_AN_ERRAND == 0:
            errand()
        time.sleep(_POLL)


def _diagnose(context: Context, platform: "Platform") -> "tuple[Diagnosis, ...]":
    from infctl.executor.looking import look

    async def see() -> "tuple[Diagnosis, ...]":
        world = context.open_world(platform)
        try:
            return await look(world, platform)
        finally:
            await world.close()

    return asyncio.run(see())


def _print(found: "tuple[Diagnosis, ...]", output: Output, everything: bool) -> int:
    is_table = output in (Output.TABLE, Output.WIDE)
    shown = [d for d in found if everything or not is_table or not _is_passed(d)]
    metadata = {"passed": sum(map(_is_passed, found)), "findings": len(found)}
    if shown or not is_table:
        items = [_item(d) for d in shown]
        show(
            "DiagnosisList",
            items,
            COLUMNS,
            output=output,
            below=BELOW,
            prefix="check/",
            metadata=metadata,
        )
    checks = len({d.check for d in found})
    note(f"{metadata['passed']} of {len(found)} findings of {checks} checks are as they should be")
    return _code(found)


def _print_changes(found: "tuple[Diagnosis, ...]", before: State | None, output: Output) -> State:
    """Print what is another word, or other evidence of a bad one, than at the last look."""
    now: State = {}
    for one in found:
        worse = () if _is_passed(one) else one.finding.outcome.evidence
        word, evidence = now.get((one.check, one.finding.place), ("passed", ()))
        kept = word if _is_passed(one) else one.finding.outcome.word.value
        now[(one.check, one.finding.place)] = (kept, (*evidence, *worse))
    was = before or {}
    changed = {
        key
        for key, state in now.items()
        if was.get(key, ("passed", ())) != state and (state[0] != "passed" or key in was)
    }
    items = [_item(d) for d in found if (d.check, d.finding.place) in changed]
    if items:
        form = Output.JSONL if output is Output.JSON else output
        note(timestamp())
        show("DiagnosisList", items, COLUMNS, output=form, below=BELOW, prefix="check/")
    elif before is None:
        note(f"{timestamp()} all is as it should be")
    return now


def _item(diagnosis: "Diagnosis") -> dict[str, Any]:
    finding = diagnosis.finding
    is_passed = _is_passed(diagnosis)
    return {
        "name": diagnosis.check,
        "place": finding.place,
        "outcome": finding.outcome.word.value,
        "evidence": list(finding.outcome.evidence),
        "next": "" if is_passed else finding.hint,
        "_display": {"evidence": "; ".join(finding.outcome.evidence)},
    }


def _is_passed(diagnosis: "Diagnosis") -> bool:
    return diagnosis.finding.outcome.word is Word.PASSED


def _code(found: "tuple[Diagnosis, ...]") -> int:
    words = {d.finding.outcome.word for d in found}
    return worst(
        Exit.MEASURED_BAD if Word.FAILED in words else 0,
        Exit.UNDECIDED if words & {Word.ERRORED, Word.INCONCLUSIVE} else 0,
    )
