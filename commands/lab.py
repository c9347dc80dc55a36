"""infctl lab: several regions on this machine."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from infctl.commands import lab_load, lab_record, lab_rows
from infctl.commands.context import context_of
from infctl.commands.lab_errors import translated
from infctl.commands.lab_identity import token, users
from infctl.commands.lab_name import DEFAULT_NAME, NameOption, running
from infctl.commands.lab_programs import provide_programs
from infctl.commands.output import Output, OutputOption, note, show, terminal_width, write
from infctl.errors import UsageError
from infctl.model.names import nearest
from infctl.model.text import clean

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Several regions on this machine."
)
_WATCH_SECONDS = 2.0
_WIDE_COLUMNS = 120
_FOLLOW_SECONDS = 0.2


@app.command()
def up(
    ctx: typer.Context,
    name: NameOption = DEFAULT_NAME,
    regions: Annotated[
        int | None, typer.Option(help="How many of the platform's regions.", show_default="all")
    ] = None,
    nodes: Annotated[
        int, typer.Option(help="Nodes a region, each in a zone of its own.", min=1, max=32)
    ] = 2,
    wait: Annotated[bool, typer.Option(help="Wait until all parts are ready.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.", min=1.0)] = 90.0,
) -> None:
    """Bring the lab up: real control planes, gateways, metrics, a cloud, a name service.

    Where it is up already, parts that died are started again.

    Examples: infctl lab up; infctl lab up --name blue --regions 2 --nodes 3
    """
    from infctl.commands.lab_start import bring_up, choose

    choice = choose(context_of(ctx), name, regions, nodes)
    with translated():
        from infctl.lab import lifecycle, locate

        state = locate.state_of(name)
        with locate.exclusive(name):
            if lifecycle.supervisor_of(state):
                started = lifecycle.start_dead(state)
                again = f"; started again: {', '.join(started)}" if started else ""
                has = ", ".join(lifecycle.read_status(state)["regions"])
                note(f"the lab {name} is up already, with {has}{again}")
                return
            if left := lifecycle.clean_up(state):
                note(f"ended {left} processes that an earlier lab {name} left")
            provide_programs()
            began = time.monotonic()
            bring_up(name, choice, timeout if wait else None)
            note(
                f"the lab {name} is {'ready' if wait else 'starting'}: "
                f"{time.monotonic() - began:.1f} s"
            )
    named = "" if name == DEFAULT_NAME else f" --name {name}"
    note(
        f"next: infctl {choice.options}deploy apply; or look around: eval $(infctl lab env{named})"
    )


@app.command()
def status(
    name: NameOption = DEFAULT_NAME,
    output: OutputOption = Output.TABLE,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow until Ctrl-C.")] = False,
) -> None:
    """Show every part: its state, process, address, memory and last words.

    On a terminal -w fills the screen: the parts that are not ready first, the others by keys.

    Examples: infctl lab status; infctl lab status -o json; infctl lab status -w
    """
    if watch and output is Output.TABLE and sys.stdout.isatty():
        from infctl.commands.lab_watch import watch as fill_screen

        fill_screen(lambda: _look(name))
        return
    while True:
        _show_status(name, output)
        if not watch:
            return
        time.sleep(_WATCH_SECONDS)


@app.command()
def logs(
    part: Annotated[str, typer.Argument(help="A part's name, as `infctl lab status` shows it.")],
    name: NameOption = DEFAULT_NAME,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option(help="How many last lines.", min=0)] = 50,
) -> None:
    """Print a part's log.

    Examples: infctl lab logs api-eu-west-1; infctl lab logs dns -f
    """
    with translated():
        path = _find_log(name, part)
        from infctl.lab.supervisor.logs import tail

        for line in tail(path, lines) if lines else []:
            write(clean(line, limit=1000) + "\n")
        if follow:
            _follow(path)


@app.command()
def env(
    name: NameOption = DEFAULT_NAME,
    shell: Annotated[bool, typer.Option("--shell", help="Only what a shell can read.")] = False,
) -> None:
    """Print what kubectl, the AWS CLI and dig need to reach the lab.

    Examples: eval $(infctl lab env); infctl lab env --shell > lab.sh
    """
    with translated():
        from infctl.lab import access

        lab = running(name)
        for key, value in access.variables(lab).items():
            write(f"export {key}={shlex.quote(value)}\n")
        if shell:
            return
        region = lab.regions[0].name
        for line in (
            f"kubectl --context {region} get pods -A",
            f"kubectl --context {region}-viewer top pods -A",
            "aws route53 list-hosted-zones",
            f"dig @{lab.shared('dns')} -p 5353 vision.{lab.zone}",
            f'kubectl --token "$(infctl lab token viewer --name {name})" auth whoami',
        ):
            write(f"# {line}\n")


@app.command()
def fetch() -> None:
    """Get what the lab runs: Kubernetes, Prometheus and the model server's environment."""
    with translated():
        provide_programs()


@app.command()
def down(
    name: NameOption = DEFAULT_NAME,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Keep the regions' data and the logs.")
    ] = False,
) -> None:
    """Take the lab down; no process, port or file of it remains.

    Examples: infctl lab down; infctl lab down --keep-data
    """
    with translated():
        from infctl.lab import access, lifecycle, locate

        began = time.monotonic()
        state = locate.state_of(name)
        if not state.exists():
            note(f"there is no lab {name}")
            return
        with locate.exclusive(name):
            lab_load.end(state)
            lifecycle.stop(state, keep=lifecycle.KEPT if keep_data else ())
            access.remove(name)
        note(f"the lab {name} is down: {time.monotonic() - began:.1f} s")


def _look(name: str) -> tuple[dict[str, Any], int]:
    """What the supervisor says, and the memory of all in MB, shared pages counted once."""
    with translated():
        from infctl.lab import lifecycle, locate, processes

        found = lifecycle.read_status(locate.state_of(name))
        used = sum(processes.proportional_bytes(pid) for pid in lab_rows.all_pids(found))
    return found, used >> 20


app.command()(lab_record.record)
app.add_typer(lab_load.app, name="load")
app.command()(users)
app.command()(token)


def _show_status(name: str, output: Output) -> None:
    found, used = _look(name)
    metadata: dict[str, Any] = {
        "name": found["name"],
        "notEnforced": lab_rows.NOT_ENFORCED,
        "nodeLoss": lab_rows.node_loss(),
    }
    rows = lab_rows.make_rows(found)
    is_narrow = output is Output.TABLE and (terminal_width() or _WIDE_COLUMNS) < _WIDE_COLUMNS
    show(
        "LabPartList",
        rows,
        lab_rows.NARROW if is_narrow else lab_rows.COLUMNS,
        output=output,
        metadata=metadata,
        wide=lab_rows.WIDE,
        prefix="part/",
    )
    if output in (Output.TABLE, Output.WIDE):
        write(f"\nMemory in all: {used} MB, shared pages counted once.\n")
        write("".join(f"{line}\n" for line in (lab_rows.node_loss(), *lab_rows.NOT_ENFORCED)))


def _find_log(name: str, part: str) -> Path:
    from infctl.lab import locate

    folder = locate.state_of(name) / "logs"
    known = sorted(path.stem for path in folder.glob("*.log"))
    if part not in known:
        close = nearest(part, known)
        raise UsageError(
            f"there is no log of {part} in the lab {name}",
            hint=f"did you mean {close}?" if close else f"one of: {', '.join(known) or 'none'}",
        )
    return folder / f"{part}.log"


def _follow(path: Path) -> None:
    with path.open(errors="replace") as file:
        file.seek(0, 2)
        while True:
            line = file.readline()
            if line:
                write(clean(line.rstrip("\n"), limit=1000) + "\n")
            else:
                time.sleep(_FOLLOW_SECONDS)
                # A log that grew too long was emptied in place.
                if path.stat().st_size < file.tell():
                    file.seek(0)
