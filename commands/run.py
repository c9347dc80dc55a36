"""Runs the command line: signals, errors and exit codes in one place."""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from infctl.commands import fail
from infctl.commands.context import make_context
from infctl.commands.lazy import LazyGroup
from infctl.commands.output import drop_stdout
from infctl.errors import Exit, InfctlError, Refused, UsageError

app = typer.Typer(
    cls=LazyGroup,
    name="infctl",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Color(StrEnum):
    """When to colour what is shown."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def _choose_color(color: Color) -> Color:
    """Tell every library at once, by the variables that they all read."""
    for variable in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE") if color != Color.AUTO else ():
        os.environ.pop(variable, None)
    if color != Color.AUTO:
        os.environ["NO_COLOR" if color is Color.NEVER else "FORCE_COLOR"] = "1"
    return color


@app.callback()
def root(
    ctx: typer.Context,
    platform: Annotated[
        Path | None,
        typer.Option(
            help="The platform file.", envvar="INFCTL_PLATFORM", show_default="platform.yaml"
        ),
    ] = None,
    env: Annotated[
        str | None,
        typer.Option(
            "--env", help="The environment.", envvar="INFCTL_ENV", show_default="the file's default"
        ),
    ] = None,
    color: Annotated[
        Color, typer.Option(help="auto, always or never.", is_eager=True, callback=_choose_color)
    ] = Color.AUTO,
) -> None:
    """The console of a multi-region inference platform.

    On a terminal, without a command, the console opens.
    """
    del color
    ctx.obj = make_context(platform, env)
    if ctx.invoked_subcommand is not None or ctx.resilient_parsing:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        from infctl.commands.console import console

        console(ctx)
        return
    with contextlib.redirect_stdout(sys.stderr):
        typer.echo(ctx.get_help())
    raise typer.Exit(Exit.USAGE)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing but this prints an error."""
    _install_signals()
    _repair_streams()
    _normalise_color()
    stdout = sys.stdout
    command = typer.main.get_command(app)
    try:
        return _code(command(list(arguments), prog_name="infctl", standalone_mode=False))
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            # Rich and Typer leave with 1 where who read their help is gone.
            drop_stdout(stdout)
            return Exit.PIPE_CLOSED
        return _code(leaving.code)
    except (InfctlError, TyperException, typer.Abort) as error:
        return fail.report(_explain(error), as_json=_wants_json(arguments))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:
        return fail.report_bug(error, arguments)


def _explain(error: InfctlError | TyperException | typer.Abort) -> InfctlError:
    """What Typer refuses, in the words of all other errors."""
    if isinstance(error, InfctlError):
        return error
    if isinstance(error, typer.Abort):
        return Refused("a question was not answered", unchanged="nothing was changed")
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "infctl"
    # Typer lists choices in lines with tabs.
    said = " ".join(error.format_message().split())
    return UsageError(said or "a command is missing", hint=f"{path} --help")


def _code(code: Any) -> int:
    if code is None:
        return Exit.DONE
    return int(code) if isinstance(code, int) else Exit.FAILED


def _wants_json(arguments: Sequence[str]) -> bool:
    joined = " ".join(arguments)
    return any(form in joined for form in ("-o json", "-ojson", "--output json", "--output=json"))


def _install_signals() -> None:
    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


def _repair_streams() -> None:
    """Stand in for standard streams that are closed: no file of ours may get their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process


def _normalise_color() -> None:
    # Typer would colour help in a workflow's log, where nothing asked for it.
    if os.environ.get("GITHUB_ACTIONS") and not os.environ.get("FORCE_COLOR"):
        os.environ["_TYPER_FORCE_DISABLE_TERMINAL"] = "1"
    # An empty NO_COLOR means nothing (no-color.org), but Textual would honour it.
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
