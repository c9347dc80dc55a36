"""Which lab a command is about."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from infctl.lab.spec import Lab

NameOption = Annotated[str, typer.Option("--name", help="Which lab; they run side by side.")]
DEFAULT_NAME = "lab"


def running(name: str) -> "Lab":
    """The lab of that name; NotRunning where there is none, or its supervisor is gone."""
    from infctl.lab import lifecycle, locate, spec

    state = locate.state_of(name)
    lifecycle.read_status(state)
    return spec.load(state)
