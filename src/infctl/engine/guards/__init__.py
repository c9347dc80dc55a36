"""What must hold before a plan may run: pure functions of plan and facts, one guard a file.

They fail closed: a guard that cannot be evaluated refuses, and so does one with a bug.
"""

import re
from collections.abc import Callable

from infctl.content.facts import Facts
from infctl.engine.guards.bounds import steps_bounded
from infctl.engine.guards.budget import error_budget
from infctl.engine.guards.control_planes import no_control_plane
from infctl.engine.guards.freezes import freeze
from infctl.engine.guards.leaving import is_restoring, leaving
from infctl.engine.guards.other_runs import conflicting_run
from infctl.engine.guards.radius import blast_radius
from infctl.engine.guards.regions import regions_on
from infctl.engine.guards.rights import needed_rights, permissions
from infctl.engine.guards.skew import version_skew
from infctl.engine.guards.undo import undo_exists
from infctl.engine.guards.utilisation import capacity
from infctl.engine.guards.zones import residency
from infctl.errors import InfctlError, Refused
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import GuardResult, Plan

__all__ = [
    "ALWAYS",
    "BY_REASON",
    "GUARDS",
    "STATIC",
    "UNKNOWN",
    "Guard",
    "blast_radius",
    "capacity",
    "conflicting_run",
    "error_budget",
    "evaluate",
    "freeze",
    "is_restoring",
    "leaving",
    "needed_rights",
    "no_control_plane",
    "overrides",
    "permissions",
    "refuse",
    "regions_on",
    "residency",
    "steps_bounded",
    "undo_exists",
    "version_skew",
]

_RUN = re.compile(r"run ([0-9a-hjkmnp-tv-z]{26}) ")
"""How the evidence about an unfinished run begins."""

Guard = Callable[[Plan, Facts], Outcome]

GUARDS: dict[str, Guard] = {
    "version_skew": version_skew,
    "steps_bounded": steps_bounded,
    "freeze": freeze,
    "regions_on": regions_on,
    "capacity": capacity,
    "residency": residency,
    "error_budget": error_budget,
    "undo_exists": undo_exists,
    "no_control_plane": no_control_plane,
    "conflicting_run": conflicting_run,
    "blast_radius": blast_radius,
    "permissions": permissions,
}
"""Every guard by name, in the order in which they are shown."""

STATIC = ("version_skew", "steps_bounded", "undo_exists", "no_control_plane", "blast_radius")
"""The guards that judge the plan alone: what the linter runs without an environment."""

ALWAYS = frozenset({"version_skew", "steps_bounded", "freeze", "blast_radius", "permissions"})
"""Guards that no reason overrides: each has another way on, and past it the run could not act.

But for a freeze that nobody can be asked for: see `UNKNOWN`.

A plan that is malformed, or touches what it does not show, is made anew; a freeze is lifted; a
right is granted by whoever may.
"""


UNKNOWN = frozenset({"freeze"})
"""Guards of those that a reason does override where what is known does not decide them."""
BY_REASON = tuple(name for name in GUARDS if name not in ALWAYS - UNKNOWN)
"""The guards that a reason may override, in their order."""


def evaluate(plan: Plan, facts: Facts) -> tuple[GuardResult, ...]:
    """Every guard's judgement, always in the same order."""
    return tuple(GuardResult(name, _closed(guard, plan, facts)) for name, guard in GUARDS.items())


def refuse(results: tuple[GuardResult, ...], overridden: frozenset[str] = frozenset()) -> None:
    """Raise Refused where a guard did not pass and was not overridden by name."""
    bad = [r for r in results if _stands_in_the_way(r) and not _is_overridden(r, overridden)]
    if bad:
        reasons = "; ".join(f"{r.guard}: {', '.join(r.outcome.evidence)}" for r in bad)
        raise Refused(
            f"refused by {reasons}",
            unchanged="nothing was changed",
            hint=_hint(bad),
        )


def _hint(bad: list[GuardResult]) -> str:
    if any(r.guard == "freeze" for r in bad):
        return "infctl freeze --status"
    if all(r.guard != "conflicting_run" for r in bad):
        return "infctl status; infctl runs list"
    others = [f for r in bad for sentence in r.outcome.evidence if (f := _RUN.match(sentence))]
    watching = [f"infctl runs attach {found[1]}" for found in others[:1]]
    return "; ".join([*watching, "infctl runs list --clusters"])


def overrides(
    results: tuple[GuardResult, ...], overridden: frozenset[str], reason: str
) -> list[str]:
    """A sentence for each guard that stood in the way and was overridden, for the journal."""
    return [
        f"guard {r.guard} ({', '.join(r.outcome.evidence)}) was overridden: {reason}"
        for r in results
        if _stands_in_the_way(r) and _is_overridden(r, overridden)
    ]


def _stands_in_the_way(result: GuardResult) -> bool:
    return result.outcome.word is not Word.PASSED


def _is_overridden(result: GuardResult, overridden: frozenset[str]) -> bool:
    is_unknown = result.guard in UNKNOWN and result.outcome.word is Word.INCONCLUSIVE
    return result.guard in overridden and (is_unknown or result.guard not in ALWAYS)


def _closed(guard: Guard, plan: Plan, facts: Facts) -> Outcome:
    try:
        return guard(plan, facts)
    except InfctlError as error:
        return Outcome(Word.ERRORED, (error.what,))
    except Exception as error:
        return Outcome(Word.ERRORED, (f"the guard itself failed: {type(error).__name__}",))
