"""infctl lab load: clients by hand, as drills have them."""

import asyncio
import json
import shutil
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infctl.commands import lab_load_rows as rows
from infctl.commands.context import Context, context_of
from infctl.commands.lab_errors import translated
from infctl.commands.lab_name import DEFAULT_NAME, NameOption, running
from infctl.commands.output import Output, OutputOption, note, show, write
from infctl.errors import InfctlError, Refused, Unmeasured

if TYPE_CHECKING:
    from infctl.lab.processes import Process
    from infctl.platform import Platform
    from infctl.ports.load import LoadRequest

app = typer.Typer(no_args_is_help=True, help="Clients that send requests, by hand.")
_LOADS = "load"
_LOG = "requests.jsonl"
_TABLE = "requests.sqlite"


class ShapeKind(StrEnum):
    """The shapes of a load."""

    STEADY = "steady"
    RAMP = "ramp"
    SPIKE = "spike"
    DIURNAL = "diurnal"
    REPLAY = "replay"


@app.command()
def start(
    ctx: typer.Context,
    name: NameOption = DEFAULT_NAME,
    rate: Annotated[
        float | None, typer.Option(help="Requests a second.", show_default="the drills'")
    ] = None,
    users: Annotated[int | None, typer.Option(help="Clients.", show_default="the drills'")] = None,
    shape: Annotated[ShapeKind, typer.Option(help="How the rate moves.")] = ShapeKind.STEADY,
    peak: Annotated[float | None, typer.Option(help="The shape's highest rate.")] = None,
    over: Annotated[str | None, typer.Option(help="How long the shape takes, as 2m.")] = None,
    after: Annotated[str | None, typer.Option(help="When it begins, as 30s.")] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="LOG", help="Send a recorded log again.")
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times as fast as recorded.")] = 1.0,
    country: Annotated[
        list[str] | None, typer.Option(metavar="CODE=SHARE", help="Where clients are; repeatable.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes of clients.", min=1, max=16)] = 1,
    keep: Annotated[str, typer.Option("--for", metavar="TIME", help="At most 24h.")] = "10m",
) -> None:
    """Start clients in processes of their own; they end by themselves, and with the lab.

    Examples: infctl lab load start --rate 50 --country DE=2 --country US=1 --for 5m;
    infctl lab load start --shape ramp --peak 200 --over 2m
    """
    from infctl.commands.lab_load_request import Wanted, make_request

    wanted = Wanted(
        rate, users, shape.value, peak, over, after, replay, speed, tuple(country or ()), keep
    )
    loads = _loads(name)
    if alive := processes_in(_latest(loads)):
        hint = f"infctl lab load stop{_named(name)}"
        raise Refused(f"{len(alive)} processes of clients run already", hint=hint)
    context = replace(context_of(ctx), named_environment=name)
    platform = context.load_platform()
    folder = loads / f"{int(time.time() * 1000):015}"
    request = replace(make_request(platform, wanted, folder / _LOG), workers=workers)
    folder.mkdir(mode=0o700, parents=True)
    try:
        asyncio.run(_start(context, platform, request))
    except InfctlError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    note(f"{rows.describe(request)} for {keep}; next: infctl lab load status{_named(name)}")


@app.command()
def status(name: NameOption = DEFAULT_NAME, output: OutputOption = Output.TABLE) -> None:
    """Show what the clients were answered: by country, region and model version.

    Examples: infctl lab load status; infctl lab load status -o json
    """
    folder = _latest(_loads(name))
    _show(folder, output, len(processes_in(folder)))


@app.command()
def stop(
    ctx: typer.Context,
    name: NameOption = DEFAULT_NAME,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the requests go, as SQLite.")
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Stop the clients, show what they were answered, and keep their requests as SQLite.

    Examples: infctl lab load stop; infctl lab load stop --to requests.sqlite
    """
    folder = _latest(_loads(name))
    asyncio.run(_stop(replace(context_of(ctx), named_environment=name), folder / _LOG))
    _show(folder, output, 0)
    _write_table(folder / _LOG, to or folder / _TABLE)


@app.command()
def table(
    log: Annotated[Path, typer.Argument(help="A request log, such as that of a drill.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The SQLite file to write.")],
) -> None:
    """Write a request log as SQLite: time, country, region, model version, status, latency.

    Examples: infctl lab load table requests.jsonl requests.sqlite
    """
    _write_table(log, to)


def end(state: Path) -> None:
    """End the clients of a lab that goes down."""
    from infctl.lab import processes

    processes.kill(processes_in(_latest(state / _LOADS)))


def processes_in(folder: Path) -> "list[Process]":
    """The clients' processes that live."""
    from infctl.lab.processes import Process, is_alive

    try:
        recorded = json.loads((folder / f"{_LOG}.processes.json").read_text())
        found = [Process(int(pid), int(started)) for pid, started in recorded]
    except (OSError, ValueError, TypeError):
        return []
    return [process for process in found if is_alive(process)]


def _loads(name: str) -> Path:
    """Where the loads of a running lab are, each in a folder of its own."""
    with translated():
        return running(name).state / _LOADS


def _latest(loads: Path) -> Path:
    """The folder of the load that was started last; `loads` itself where there was none."""
    return max(loads.iterdir(), default=loads) if loads.is_dir() else loads


def _named(name: str) -> str:
    return "" if name == DEFAULT_NAME else f" --name {name}"


async def _start(context: Context, platform: "Platform", request: "LoadRequest") -> None:
    world = context.open_world(platform)
    try:
        await world.load.start(request)
    finally:
        await world.close()


async def _stop(context: Context, log: Path) -> None:
    world = context.open_world(context.load_platform())
    try:
        await world.load.stop(f"{log}.processes.json")
    finally:
        await world.close()


def _show(folder: Path, output: Output, alive: int) -> None:
    from infctl.content.load_table import read_requests

    log = folder / _LOG
    if not log.is_file():
        raise Unmeasured("no clients were started in this lab", hint="infctl lab load start")
    requests = read_requests(log)
    metadata = {"processes": alive, **rows.sum_up(requests, time.time())}
    show("LoadAnswerList", rows.make_rows(requests), rows.COLUMNS, output=output, metadata=metadata)
    if output in (Output.TABLE, Output.WIDE):
        write(rows.line_of(metadata) + "\n")


def _write_table(log: Path, path: Path) -> None:
    from infctl.content.load_table import write_table

    try:
        count = write_table(log, path)
    except OSError as error:
        raise InfctlError(f"{path} cannot be written: {error.strerror}") from None
    note(f"{count} requests in {path}")
