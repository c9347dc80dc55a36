"""infctl completion."""

from enum import StrEnum
from typing import Annotated

import typer

from infctl.commands.output import write


class Shell(StrEnum):
    """The shells with a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def completion(shell: Annotated[Shell, typer.Argument(help="Your shell.")]) -> None:
    """Print the completion script, for example: source <(infctl completion bash)."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    script = get_completion_script(
        prog_name="infctl", complete_var="_INFCTL_COMPLETE", shell=shell.value
    )
    write(script + "\n")
