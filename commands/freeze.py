"""infctl freeze: stop every executor and console, everywhere, now."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands import planning
from infctl.commands.context import Context, context_of
from infctl.commands.options import YesOption
from infctl.commands.output import Output, OutputOption, note, show, timestamp
from infctl.errors import Exit, InfctlError, UsageError

if TYPE_CHECKING:
    from infctl.engine.locks import Freeze

_COLUMNS = [
    ("PLACE", "name"),
    ("STATE", "state"),
    ("BY", "by"),
    ("SINCE", "since"),
    ("WHY", "why"),
]
Words = dict[str, "Freeze | str | None"]


def freeze(
    ctx: typer.Context,
    why: Annotated[
        str | None, typer.Argument(metavar="WHY", help="Why, for everybody who is stopped.")
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Let everything go on.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only show what is in force.")] = False,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Stop every executor and console within two seconds; what heals a hurt goes on.

    It is written on this machine and in every region's cluster; any one of them is enough. Exit 6
    where a cluster was not reached: executors elsewhere may go on by what they know.

    Examples: infctl freeze "wrong region"; infctl freeze --status; infctl freeze --lift --yes
    """
    if sum((bool(why and why.strip()), lift, status)) != 1:
        raise UsageError("say why, or --lift, or --status", hint='infctl freeze "why"')
    context = context_of(ctx)
    if lift:
        planning.confirm_yes("Let everything go on?", yes)
    was_told = status or _say(context, why or "", lift)
    words, trouble = asyncio.run(_read(context))
    code = _show(words, trouble, output)
    raise typer.Exit(code if was_told else Exit.UNDECIDED)


def _say(context: Context, why: str, lift: bool) -> bool:
    """This machine first: that needs nobody else. Whether its own disk took it."""
    from infctl.engine.locks import Freeze
    from infctl.executor.freezing import freeze_here
    from infctl.executor.launch import whoami

    word = Freeze(why.strip()[:400] or "lifted", whoami(), time.time(), lift)
    was_told = True
    try:
        freeze_here(word)
    except InfctlError as error:
        # A full disk here must not keep the others from hearing it.
        was_told = False
        note(f"this machine was not told: {error.what}")
    asyncio.run(_write(context, word))
    return was_told


async def _write(context: Context, word: "Freeze") -> None:
    from infctl.engine.locks import write_freeze

    try:
        world = context.open_world(context.load_platform())
    except InfctlError as error:
        note(f"no cluster was told: {error.what}")
        return
    try:
        reach = await write_freeze(world, word)
        for region, problem in reach.silent.items():
            note(f"{region} was not told: {problem}")
    finally:
        await world.close()


async def _read(context: Context) -> tuple[Words, str]:
    """What every place says, and why the clusters could not be asked at all."""
    from infctl.engine.locks import outweighed, read_freezes
    from infctl.engine.locks.freeze import HERE, WRITE_DEADLINE
    from infctl.executor.freezing import frozen_here

    own = frozen_here()
    words: Words = {HERE: own}
    try:
        world = context.open_world(context.load_platform())
    except InfctlError as error:
        return words, error.what
    try:
        found = await read_freezes(world.clusters, deadline=WRITE_DEADLINE)
        absent = dict.fromkeys(world.absent, "this machine has no access to it")
        here = outweighed(own, found, len(found) + len(absent))
        return {HERE: here, **found, **absent}, ""
    finally:
        await world.close()


def _show(words: Words, trouble: str, output: Output) -> int:
    from infctl.engine.locks import in_force

    found = in_force(words.values())
    metadata: dict[str, Any] = {"frozen": found is not None}
    if found is not None:
        metadata |= {"why": found.why, "by": found.by, "since": timestamp(found.at)}
    items = [_row(place, word) for place, word in words.items()]
    is_partial = bool(trouble) or any(isinstance(word, str) for word in words.values())
    show("Freeze", items, _COLUMNS, output=output, metadata={**metadata, "partial": is_partial})
    if found is not None:
        note(f"{found.sentence}; to go on: infctl freeze --lift")
    if trouble:
        note(f"the clusters were not asked: {trouble}")
    return int(Exit.UNDECIDED if is_partial else Exit.DONE)


def _row(place: str, word: "Freeze | str | None") -> dict[str, Any]:
    if isinstance(word, str):
        return {"name": place, "state": "unknown", "why": word, "by": "", "since": None}
    if word is None:
        return {"name": place, "state": "free", "why": "", "by": "", "since": None}
    state = "lifted" if word.lifted else "frozen"
    since = timestamp(word.at)
    return {"name": place, "state": state, "why": word.why, "by": word.by, "since": since}
