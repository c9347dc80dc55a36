"""The options that all verbs which change something share."""

from pathlib import Path
from typing import Annotated

import typer

from infctl.errors import UsageError
from infctl.model.names import nearest

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show the plan, its guards and what it touches; stop.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ConfirmOption = Annotated[
    str | None, typer.Option("--confirm", metavar="REGION", help="The target's name, once more.")
]
BreakGlassOption = Annotated[
    list[str] | None,
    typer.Option("--break-glass", metavar="GUARD", help="Override this guard; needs --reason."),
]
DetachOption = Annotated[bool, typer.Option("--detach", help="Start, print the run's id, leave.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(min=1.0, help="Seconds to attend; the run goes on after them.", metavar="SECONDS"),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="DIR", help="Leave a copy of the report here.")
]


def overridden(guards: list[str] | None, reason: str) -> frozenset[str]:
    """The guards that a reason overrides; UsageError for unknown ones or without a reason."""
    if not guards:
        return frozenset()
    from infctl.engine.guards import GUARDS

    for name in guards:
        if name not in GUARDS:
            close = nearest(name, GUARDS)
            raise UsageError(
                f"there is no guard {name}",
                hint=f"did you mean {close}?" if close else f"one of: {', '.join(GUARDS)}",
            )
    if not reason.strip():
        raise UsageError("--break-glass needs --reason")
    return frozenset(guards)
