"""infctl sim."""

from typing import Annotated

import typer

from infctl.commands.output import Output, OutputOption, note, show, write
from infctl.errors import Exit, UsageError

_MOST_RUNS = 10_000_000
_RUNS = 200


def sim(
    seed: Annotated[int, typer.Option(help="The first seed; each run takes the next.", min=0)] = 0,
    runs: Annotated[
        int | None,
        typer.Option(help="How many runs.", min=1, max=_MOST_RUNS, show_default=str(_RUNS)),
    ] = None,
    faults: Annotated[
        str, typer.Option(metavar="LIST", help="Only these kinds of faults, or none.")
    ] = "all",
    soak: Annotated[
        str, typer.Option(metavar="TIME", help="So much virtual time instead of runs, as 72h.")
    ] = "",
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="Print the kinds of faults.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Try the engine in virtual time against faults that are drawn by seed.

    Nothing outside this process is touched. Leaves with 3 where a rule was broken.

    Examples: infctl sim --seed 1 --runs 1000; infctl sim --faults kill,reply_lost -o json
    """
    import logging

    from infctl.simulator.faults import FAULTS
    from infctl.simulator.report import item_of, lines_of
    from infctl.simulator.runner import run_many, run_soak

    if list_faults:
        _show_faults(FAULTS, output)
        return
    kinds = _kinds(faults, tuple(FAULTS))
    if soak and runs is not None:
        raise UsageError("--runs and --soak say different things", hint="infctl sim --soak 72h")
    seconds = _seconds(soak) if soak else None
    # What single runs say of their faults is no news here.
    logging.disable(logging.CRITICAL)
    if seconds is not None:
        result = run_soak(seed, seconds, kinds)
    else:
        result = run_many(seed, runs or _RUNS, kinds, note)
    if output in (Output.TABLE, Output.WIDE):
        write("\n".join(lines_of(result, faults)) + "\n")
    else:
        item = {"name": f"seed-{seed}", **item_of(result, faults)}
        show("Simulation", [item], (), output=output, prefix="simulation/")
    if result.failures:
        raise typer.Exit(Exit.MEASURED_BAD)


def _kinds(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    if text in ("all", "none"):
        return known if text == "all" else ()
    wanted = tuple(part.strip() for part in text.split(","))
    if unknown := [part for part in wanted if part not in known]:
        raise UsageError(
            f"there is no fault {', '.join(unknown)[:200]}", hint="infctl sim --list-faults"
        )
    return wanted


def _seconds(text: str) -> float:
    from infctl.platform.units import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--soak {text[:80]}: {error}", hint="infctl sim --soak 72h") from None
    if seconds <= 0:
        raise UsageError("--soak wants some time", hint="infctl sim --soak 72h")
    return seconds


def _show_faults(faults: dict[str, str], output: Output) -> None:
    items = [{"name": name, "what": what} for name, what in faults.items()]
    show("Fault", items, [("FAULT", "name"), ("WHAT", "what")], output=output, prefix="fault/")
