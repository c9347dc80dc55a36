"""What must hold before a plan may run: pure functions of plan and facts, failing closed.

A guard that cannot be evaluated refuses, and so does one with a bug.
"""

from collections.abc import Callable

from infctl.content.capacity import (
    out_of_answers,
    pod_capacity,
    predicted_shares,
    total_rate,
    utilisation,
)
from infctl.content.facts import Facts
from infctl.engine.operations import find
from infctl.errors import InfctlError, Refused
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import GuardResult, Plan

Guard = Callable[[Plan, Facts], Outcome]


def leaving(plan: Plan) -> tuple[str, ...]:
    """The regions that the plan takes out of service."""
    found = []
    for step in plan.steps:
        operation = step.operation
        if operation.kind == "switch_region_off":
            found.append(str(operation.args["region"]))
        elif operation.kind == "inject_fault":
            kind, _, name = str(operation.args["target"]).partition("/")
            if kind == "region":
                found.append(name)
    return tuple(dict.fromkeys(found))


def regions_on(plan: Plan, facts: Facts) -> Outcome:
    """Enough regions are in the answers afterwards."""
    off = leaving(plan)
    if not off:
        return Outcome(Word.PASSED, ("no region leaves",))
    others = [r for r in facts.snapshot.regions if r.name not in off]
    staying = [r.name for r in others if r.dns_healthy.known and r.dns_healthy.value]
    least = facts.platform.guards.min_regions_on
    sentence = (
        f"{len(staying)} regions on afterwards ({', '.join(staying) or 'none'}), at least {least}"
    )
    if len(staying) >= least:
        return Outcome(Word.PASSED, (sentence,))
    unread = [f"{r.name}: {r.dns_healthy.reason}" for r in others if not r.dns_healthy.known]
    if unread:
        return Outcome(Word.ERRORED, (sentence, *unread))
    return Outcome(Word.FAILED, (sentence,))


def capacity(plan: Plan, facts: Facts) -> Outcome:
    """Those who take over stay within the utilisation that the platform file allows."""
    off = leaving(plan)
    if not off:
        return Outcome(Word.PASSED, ("no region leaves",))
    rate = total_rate(facts, off[0], float(plan.parameters.get("rate", 0.0)))
    if rate is None:
        out = {*off, *out_of_answers(facts)}
        unread = [
            r.name
            for r in facts.snapshot.regions
            if r.name not in out and not r.requests_per_second.known
        ]
        return Outcome(
            Word.ERRORED, (f"traffic is not known: no metrics from {', '.join(unread)}",)
        )
    pods = _pods_afterwards(plan, facts)
    shares = predicted_shares(facts, off)
    unknown = [name for name, share in shares.items() if share and name not in pods]
    if unknown:
        return Outcome(Word.ERRORED, (f"replicas are not known in {', '.join(unknown)}",))
    found = utilisation(rate, shares, pods, pod_capacity(facts.platform))
    bound = facts.platform.guards.max_utilisation
    sentences = tuple(f"{name} {share:.0%} busy" for name, share in found.items())
    over = [name for name, share in found.items() if share > bound]
    evidence = (f"{rate:.0f} requests/s: {', '.join(sentences)}; bound {bound:.0%}",)
    return Outcome(Word.FAILED if over or not found else Word.PASSED, evidence)


def undo_exists(plan: Plan, facts: Facts) -> Outcome:
    """Every change can be taken back."""
    del facts
    for step in plan.steps:
        handler = find(step.operation.kind, step.operation.version)
        reverses = handler.reverses(step.operation.args)
        if handler.changes and not (reverses or handler.heals):
            return Outcome(Word.FAILED, (f"{step.id} cannot be taken back",))
    return Outcome(Word.PASSED, ("every change can be taken back",))


def no_control_plane(plan: Plan, facts: Facts) -> Outcome:
    """A recovery plan works while the cloud's control planes are down."""
    del facts
    if not plan.recovery:
        return Outcome(Word.PASSED, ("not a recovery plan",))
    needing = [
        step.id
        for step in plan.steps
        if step.operation.needs_control_plane
        or find(step.operation.kind, step.operation.version).control_plane
    ]
    if needing:
        return Outcome(Word.FAILED, (f"needs a control plane: {', '.join(needing)}",))
    return Outcome(Word.PASSED, ("needs no control plane of the cloud",))


def conflicting_run(plan: Plan, facts: Facts) -> Outcome:
    """No other run of this environment is unfinished."""
    del plan
    if facts.unfinished:
        return Outcome(Word.FAILED, tuple(facts.unfinished.values()))
    return Outcome(Word.PASSED, ("no other run is unfinished",))


def blast_radius(plan: Plan, facts: Facts) -> Outcome:
    """No step touches what the plan does not declare."""
    del facts
    radius = plan.blast_radius
    for step in plan.steps:
        region = step.operation.region
        handler = find(step.operation.kind, step.operation.version)
        if not handler.changes or region is None or region in radius.regions:
            continue
        if not any(region in thing for thing in radius.objects):
            return Outcome(Word.FAILED, (f"{step.id} touches {region}, which is not declared",))
    return Outcome(Word.PASSED, (f"touches {', '.join(radius.regions) or 'nothing'}",))


GUARDS: dict[str, Guard] = {
    "regions_on": regions_on,
    "capacity": capacity,
    "undo_exists": undo_exists,
    "no_control_plane": no_control_plane,
    "conflicting_run": conflicting_run,
    "blast_radius": blast_radius,
}


def evaluate(plan: Plan, facts: Facts) -> tuple[GuardResult, ...]:
    """Every guard's judgement."""
    return tuple(GuardResult(name, _closed(guard, plan, facts)) for name, guard in GUARDS.items())


def refuse(results: tuple[GuardResult, ...], overridden: frozenset[str] = frozenset()) -> None:
    """Raise Refused where a guard did not pass and was not overridden by name."""
    bad = [r for r in results if r.outcome.word is not Word.PASSED and r.guard not in overridden]
    if bad:
        reasons = "; ".join(f"{r.guard}: {', '.join(r.outcome.evidence)}" for r in bad)
        raise Refused(
            f"refused by {reasons}",
            unchanged="nothing was changed",
            hint="infctl status; infctl runs list",
        )


def _closed(guard: Guard, plan: Plan, facts: Facts) -> Outcome:
    try:
        return guard(plan, facts)
    except InfctlError as error:
        return Outcome(Word.ERRORED, (error.what,))
    except Exception as error:
        return Outcome(Word.ERRORED, (f"the guard itself failed: {type(error).__name__}",))


def _pods_afterwards(plan: Plan, facts: Facts) -> dict[str, int]:
    pods = {
        r.name: r.replicas.value.ready
        for r in facts.snapshot.regions
        if r.replicas.known and r.replicas.value is not None
    }
    scaled: set[str] = set()
    for step in plan.steps:
        operation = step.operation
        # Only the first one counts: what a drill scales back later comes after the recovery.
        if operation.kind == "scale_deployment" and operation.args["region"] not in scaled:
            scaled.add(operation.args["region"])
            pods[operation.args["region"]] = int(operation.args["replicas"])
    return pods
