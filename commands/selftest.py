"""infctl selftest."""

import shutil
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands.output import Output, OutputOption, note, show, write
from infctl.errors import ConfigurationError, Exit
from infctl.model.text import clean

if TYPE_CHECKING:
    from infctl.simulator.crash.findings import Tally
    from infctl.simulator.crash.selftest import Extent

_OFFERS = [
    {
        "name": "crash",
        "what": "kills, torn disks: nothing lost or doubled",
        "command": "infctl selftest --crash",
    }
]
_MOST_SHOWN = 20


def selftest(
    crash: Annotated[
        bool, typer.Option("--crash", help="Kill real runs and tear real disk images.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Which moments and images are drawn.")] = 1,
    points: Annotated[int, typer.Option(help="Moments at which runs are killed.", min=1)] = 160,
    images: Annotated[int, typer.Option(help="Disks after a power cut.", min=1)] = 800,
    only: Annotated[
        str, typer.Option(help="One trial by its name, as findings give it.", metavar="TRIAL")
    ] = "",
    prove: Annotated[
        bool, typer.Option("--prove", hidden=True, help="Spoil the journal: it must be found.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Try on this machine what infctl promises of runs that are killed.

    Without an option it says what it offers. Exit 3 where something was lost or done twice, 6
    where this machine does not let it measure (strace missing, ptrace forbidden).

    Examples: infctl selftest --crash; infctl selftest --crash --points 20 --images 200
    """
    if not crash:
        columns = [("TEST", "name"), ("COMMAND", "command"), ("WHAT", "what")]
        show("SelftestList", _OFFERS, columns, output=output, prefix="selftest/")
        return
    from infctl.simulator.crash.findings import exit_of
    from infctl.simulator.crash.selftest import Extent
    from infctl.simulator.crash.weakness import Weakness

    weakness = Weakness.NORMAL if prove else Weakness.NONE
    extent = Extent(seed, points, images, weakness, only)
    tallies = _run(extent)
    _show(tallies, extent, output)
    code = exit_of(tallies)
    if code is Exit.UNDECIDED:
        note("nothing was measured: no trial was made" if not only else f"no trial named {only}")
    raise typer.Exit(int(code))


def _run(extent: "Extent") -> "list[Tally]":
    """In a folder beside the runs, since another file system may keep its promises differently."""
    import platformdirs

    from infctl.simulator.crash.selftest import Bench, run_all
    from infctl.simulator.crash.tracer import find_tracer
    from infctl.wiring import state_folder

    tracer = find_tracer(Path(platformdirs.user_cache_dir("infctl")))
    try:
        state_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(dir=state_folder(), prefix="selftest-"))
    except OSError as error:
        raise ConfigurationError(f"{state_folder()} cannot be used: {error.strerror}") from error
    try:
        return run_all(Bench(tracer, folder, _progress, extent))
    finally:
        _progress("")
        shutil.rmtree(folder, ignore_errors=True)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _show(tallies: "list[Tally]", extent: "Extent", output: Output) -> None:
    columns = [
        ("TRIALS", "name"),
        ("TRIED", "tried"),
        ("LOST", "lost"),
        ("DOUBLED", "doubled"),
        ("OTHER", "other"),
        ("IN DOUBT", "inDoubt"),
        ("SECONDS", "seconds"),
    ]
    items = [_item(tally, extent) for tally in tallies]
    metadata = {"seed": extent.seed, "seconds": round(sum(t.seconds for t in tallies), 1)}
    show("CrashTest", items, columns, output=output, metadata=metadata, prefix="trials/")
    if output in (Output.TABLE, Output.WIDE):
        write(_by(tallies) + _findings(items))


def _item(tally: "Tally", extent: "Extent") -> dict[str, Any]:
    lost, doubled = tally.count("lost"), tally.count("doubled")
    base = f"infctl selftest --crash --seed {extent.seed} --images {extent.images}"
    base += " --prove" if extent.weakness else ""
    findings = [
        {"trial": f.trial, "wrong": f.wrong, "what": f.what, "repeat": f"{base} --only {f.trial}"}
        for f in tally.findings
    ]
    return {
        "name": tally.family,
        "tried": tally.tried,
        "lost": lost,
        "doubled": doubled,
        "other": len(tally.findings) - lost - doubled,
        "inDoubt": tally.in_doubt,
        "unreached": tally.unreached,
        "by": dict(sorted(tally.by.items())),
        "seconds": round(tally.seconds, 1),
        "findings": findings,
    }


def _by(tallies: "list[Tally]") -> str:
    """How many trials by system call or kind, in lines that fit."""
    lines = [""]
    for tally in tallies:
        kinds = "; ".join(f"{name} {number}" for name, number in sorted(tally.by.items()))
        lines += textwrap.wrap(clean(f"{tally.family}: {kinds}"), 78, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def _findings(items: list[dict[str, Any]]) -> str:
    """What went wrong, with the command that repeats it; the first ones, where there are many."""
    found = [finding for item in items for finding in item["findings"]]
    lines = [f"\n{len(found)} wrong:"] if found else []
    for finding in found[:_MOST_SHOWN]:
        sentence = f"{finding['trial']}: {finding['wrong']}: {finding['what']}"
        lines += textwrap.wrap(clean(sentence), 78, subsequent_indent="  ")
        lines.append(clean(f"  {finding['repeat']}"))
    if len(found) > _MOST_SHOWN:
        lines.append(f"and {len(found) - _MOST_SHOWN} more: -o json lists them all")
    return "".join(f"{line}\n" for line in lines)
