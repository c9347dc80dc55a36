"""permissions: the API servers allow each verb that plans need, asked one by one."""

from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed


def permissions(found: Examination) -> list[Finding]:
    """Each right that a plan would need, by region; an error is a no."""
    findings = []
    for region in found.regions:
        answers = [why for right, why in found.rights.items() if right.region == region]
        missing = tuple(why for why in answers if why)
        if not answers:
            findings.append(blind(region, "infctl status", "no right was asked for"))
        elif missing:
            findings.append(failed(region, "ask whoever may grant them", *missing))
        else:
            findings.append(passed(region, f"{len(answers)} rights"))
    return findings
