"""capacity and limits: the others can take over from any region, and may grow as far as needed."""

from infctl.content.capacity import needed_pods, predicted_shares
from infctl.engine import guards
from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan

_TO_RETURN = "infctl failover --list; infctl restore REGION"
_TO_SCALE = "raise autoscaling.max_replicas or server.slots, then infctl deploy apply"


def capacity(found: Examination) -> list[Finding]:
    """For each region that could be lost: those who take over stay within the utilisation."""
    recoveries = [plan for plan in found.plans if plan.recovery]
    findings = []
    for plan in recoveries:
        leaving = guards.leaving(plan)
        is_alone = not any(predicted_shares(found.facts, leaving).values())
        hint = _TO_RETURN if is_alone else _TO_SCALE
        findings.append(Finding(", ".join(leaving), _judge(plan, found), hint))
    return findings or [blind("", "infctl runbook lint", "there is no recovery plan to judge by")]


def _judge(plan: Plan, found: Examination) -> Outcome:
    outcomes = [guards.capacity(plan, found.facts), guards.regions_on(plan, found.facts)]
    bad = [o for o in outcomes if o.word is not Word.PASSED]
    return bad[0] if bad else outcomes[0]


def limits(found: Examination) -> list[Finding]:
    """The largest number of pods that a region may have is as many as it would need."""
    most = found.facts.platform.autoscaling.max_replicas
    findings = []
    for leaving in found.regions:
        needed = needed_pods(found.facts, leaving)
        if not any(predicted_shares(found.facts, (leaving,)).values()):
            findings.append(failed(leaving, _TO_RETURN, "no other region is on to take over"))
            continue
        if not needed:
            findings.append(blind(leaving, "infctl status", "traffic is not known"))
            continue
        over = [f"{name} needs {pods} pods, may have {most}" for name, pods in needed.items()]
        short = [text for text, pods in zip(over, needed.values(), strict=True) if pods > most]
        findings.append(
            failed(leaving, _TO_SCALE, *short)
            if short
            else passed(leaving, f"at most {max(needed.values())} of {most} pods needed")
        )
    return findings
