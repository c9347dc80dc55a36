"""Whether a recovery would work now: pure checks of what was read, failing closed.

A check that cannot be evaluated is errored, and so is one with a bug.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infctl.engine.readiness import (
    alarms,
    capacity,
    deployment,
    endpoints,
    fence,
    machine,
    memory,
    permissions,
    plans,
    traffic,
)
from infctl.engine.readiness.examination import Examination, Finding, blind
from infctl.errors import InfctlError

Check = Callable[[Examination], list[Finding]]

CHECKS: Mapping[str, Check] = {
    "endpoints": endpoints.endpoints,
    "credentials": endpoints.credentials,
    "permissions": permissions.permissions,
    "capacity": capacity.capacity,
    "limits": capacity.limits,
    "plan_hash": deployment.plan_hash,
    "images": deployment.images,
    "models": deployment.models,
    "fence": fence.fence,
    "lock": fence.lock,
    "records": traffic.records,
    "switches": traffic.switches,
    "shifts": traffic.shifts,
    "known_state": memory.known_state,
    "standing": traffic.standing,
    "plans": plans.plans,
    "clock": machine.clock,
    "disk": machine.disk,
    "secrets": machine.secrets,
    "alarms": alarms.alarms,
}
"""Every check by name, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One finding with the name of its check."""

    check: str
    finding: Finding


def diagnose(found: Examination) -> tuple[Diagnosis, ...]:
    """Every check's findings, always in the same order; a check without any is errored."""
    return tuple(
        Diagnosis(name, finding)
        for name, check in CHECKS.items()
        for finding in _closed(check, found)
    )


def _closed(check: Check, found: Examination) -> list[Finding]:
    try:
        findings = check(found)
    except InfctlError as error:
        return [blind("", error.hint, error.what)]
    except Exception as error:
        return [blind("", "", f"the check itself failed: {type(error).__name__}")]
    return findings or [blind("", "", "the check said nothing")]
