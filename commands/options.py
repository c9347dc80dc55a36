"""The options that all verbs which change something share."""

from pathlib import Path
from typing import Annotated

import typer

from infctl.errors import UsageError
from infctl.model.names import nearest
from infctl.model.text import clean


def bare_id(value: str) -> str:
    """A run's id as it stands, or as `-o name` prints it: run/ID."""
    return value.removeprefix("run/")


DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show the plan, its guards and what it touches; stop.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ConfirmOption = Annotated[
    str | None, typer.Option("--confirm", metavar="REGION", help="The target's name, once more.")
]
BreakGlassOption = Annotated[
    list[str] | None,
    typer.Option(
        "--break-glass",
        metavar="GUARD[,GUARD]",
        help="Override these guards, or lock; needs --reason; others are told.",
    ),
]
DetachOption = Annotated[bool, typer.Option("--detach", help="Start, print the run's id, leave.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(min=1.0, help="Seconds to attend; the run goes on after them.", metavar="SECONDS"),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="DIR", help="Leave a copy of the report here.")
]


LOCK = "lock"
"""Not a guard, but overridden like one: go on without the majority of the lock's places."""


def overridden(guards: list[str] | None, reason: str) -> frozenset[str]:
    """The guards that a reason overrides; UsageError for unknown ones or without a reason.

    Each value may name several, with commas between them.
    """
    names = [name.strip() for value in guards or () for name in value.split(",")]
    if not names:
        return frozenset()
    from infctl.engine.guards import ALWAYS, BY_REASON

    known = [*BY_REASON, LOCK]
    for name in names:
        if name in ALWAYS and name not in known:
            raise UsageError(f"the guard {name} cannot be overridden", hint=_WAYS_ON[name])
        if name not in known:
            close = nearest(name, known)
            raise UsageError(
                f"there is no guard {clean(name, limit=80)}",
                hint=f"did you mean {close}?" if close else f"one of: {', '.join(known)}",
            )
    if not reason.strip():
        raise UsageError("--break-glass needs --reason")
    return frozenset(names)


_WAYS_ON = {
    "version_skew": "use the infctl that made the plan",
    "steps_bounded": "make the plan anew",
    "freeze": "infctl freeze --lift",
    "blast_radius": "make the plan declare what it touches",
    "permissions": "ask whoever may grant them; infctl doctor names each",
}
