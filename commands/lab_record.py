"""infctl lab record."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infctl.commands.lab_errors import translated
from infctl.commands.lab_name import DEFAULT_NAME, NameOption, running
from infctl.commands.output import note
from infctl.errors import UsageError

if TYPE_CHECKING:
    from infctl.lab.spec import Lab


def record(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    name: NameOption = DEFAULT_NAME,
    keep: Annotated[str, typer.Option("--for", metavar="TIME", help="At most 4h.")] = "60s",
) -> None:
    """Keep a running lab's metrics, logs and events for tests; Ctrl-C ends it earlier.

    Examples: infctl lab record recording; infctl lab record recording --for 5m
    """
    seconds = _seconds(keep)
    with translated():
        from infctl.lab.recording.record import LONGEST_SECONDS

        if not 1 <= seconds <= LONGEST_SECONDS:
            raise UsageError("--for takes from 1s to 4h", hint="--for 60s")
        lab = running(name)
        note(f"recording the lab {name} for {keep} into {folder}")
        written = asyncio.run(_record(lab, folder.absolute(), seconds))
    size = sum(file["bytes"] for file in written["files"].values())
    for what, why in written["missing"].items():
        note(f"not recorded to the end: {what} ({why})")
    note(f"{folder}: {len(written['files'])} files, {size >> 10} KB; {written['ended_because']}")


async def _record(lab: "Lab", folder: Path, seconds: float) -> dict[str, Any]:
    from infctl.lab.recording.record import Recorder

    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    return await Recorder(lab, folder).run(seconds, ending)


def _seconds(text: str) -> float:
    from infctl.platform.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}", hint="--for 60s") from None
