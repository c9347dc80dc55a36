"""capacity: those who take over stay within the utilisation that the platform file allows."""

import math

from infctl.content.capacity import (
    out_of_answers,
    pod_capacity,
    predicted_shares,
    total_rate,
    utilisation,
)
from infctl.content.facts import Facts
from infctl.engine.guards.leaving import leaving
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def capacity(plan: Plan, facts: Facts) -> Outcome:
    """Those who take over stay within the utilisation that the platform file allows."""
    off = leaving(plan)
    if not off:
        return Outcome(Word.PASSED, ("no region leaves",))
    rate = total_rate(facts, off[0], float(plan.parameters.get("rate", 0.0)))
    if rate is None:
        return _unmeasured(facts, off)
    pods = _pods_afterwards(plan, facts)
    shares = predicted_shares(facts, off)
    unknown = [name for name, share in shares.items() if share and name not in pods]
    if unknown:
        return Outcome(Word.ERRORED, (f"replicas are not known in {', '.join(unknown)}",))
    found = utilisation(rate, shares, pods, pod_capacity(facts.platform))
    if not found:
        return Outcome(Word.FAILED, (f"{rate:.0f} requests/s, and no other region is on to take",))
    bound = facts.platform.guards.max_utilisation
    sentences = tuple(_sentence(name, share) for name, share in found.items())
    over = [name for name, share in found.items() if share > bound]
    evidence = (f"{rate:.0f} requests/s: {', '.join(sentences)}; bound {bound:.0%}",)
    return Outcome(Word.FAILED if over else Word.PASSED, evidence)


def _sentence(region: str, share: float) -> str:
    return f"{region} has no pod" if math.isinf(share) else f"{region} {share:.0%} busy"


def _unmeasured(facts: Facts, off: tuple[str, ...]) -> Outcome:
    out = {*off, *out_of_answers(facts)}
    unread = [
        r.name
        for r in facts.snapshot.regions
        if r.name not in out and not r.requests_per_second.known
    ]
    return Outcome(Word.ERRORED, (f"traffic is not known: no metrics from {', '.join(unread)}",))


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
            least = float(operation.args.get("min_percent", 100.0)) / 100
            # What may be missing when traffic moves carries none of it.
            pods[operation.args["region"]] = math.ceil(int(operation.args["replicas"]) * least)
    return pods
