"""Whether the undo that a journal holds can be that of its step: pure.

It is data, and whoever can write the journal can write it. So it must be a whole operation of a
known kind, with arguments that the kind takes, and aim where the step aimed.
"""

from collections.abc import Mapping
from typing import Any

from infctl.errors import Refused
from infctl.model.plan import Operation

_AIM = frozenset(
    {
        *("region", "namespace", "name", "node", "pod", "key", "fault", "target", "zone", "host"),
        *("bucket", "load", "log", "config", "flag", "service", "environment", "keepers"),
    }
)
"""The arguments that say what is acted on, in whichever operation they are."""

_OUTSIDE = frozenset({"call_http", "run_command"})
"""What the plan itself says how to take back, word by word."""


def check_aim(step: Operation, undo: Operation) -> None:
    """Raise Refused where the undo aims at something that the step never touched."""
    if undo.kind in _OUTSIDE:
        if undo.kind != step.kind or undo.args != step.args.get("undo"):
            raise _elsewhere("program or endpoint")
        return
    if None not in (undo.region, step.region) and undo.region != step.region:
        raise _elsewhere("region")
    for name in sorted(_AIM & step.args.keys() & undo.args.keys()):
        if not _is_within(undo.args[name], step.args[name]):
            raise _elsewhere(name)


def _is_within(undo: Any, step: Any) -> bool:
    """The same, or of several the some that were changed."""
    if isinstance(undo, Mapping) and isinstance(step, Mapping):
        return all(name in step and step[name] == value for name, value in undo.items())
    return bool(undo == step)


def _elsewhere(name: str) -> Refused:
    return Refused(
        f"the journal's undo aims at another {name} than its step",
        unchanged="nothing was taken back",
    )
