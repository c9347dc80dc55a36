"""Runs the command line: signals, errors and exit codes in one place."""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from infctl.commands import fail
from infctl.commands.context import make_context
from infctl.commands.lazy import LazyGroup
from infctl.errors import Exit, InfctlError

app = typer.Typer(
    cls=LazyGroup,
    name="infctl",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    color: Annotated[str, typer.Option(help="auto, always or never.")] = "auto",
) -> None:
    """The console of a multi-region inference platform.

    On a terminal, without a command, the console opens.
    """
    ctx.obj = make_context(platform, env, color)
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
    _normalise_color()
    try:
        typer.main.get_command(app)(list(arguments), prog_name="infctl")
    except SystemExit as leaving:
        return _code(leaving.code)
    except InfctlError as error:
        return fail.report(error, as_json=_wants_json(arguments))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:
        return fail.report_bug(error, arguments)
    return Exit.DONE


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


def _normalise_color() -> None:
    # An empty NO_COLOR means nothing (no-color.org), but Textual would honour it.
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
