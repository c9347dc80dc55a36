"""alarms: others hear of a broken glass, by two ways where it matters, and have heard of each."""

from infctl.engine.readiness.examination import Examination, Finding, failed, passed


def alarms(found: Examination) -> list[Finding]:
    """Every alarm of this machine has reached everybody, and there are routes to people."""
    findings = [
        failed("", "infctl reviews list", f"the alarm of run {run} waits for {', '.join(channels)}")
        for run, channels in sorted(found.waiting.items())
    ]
    is_real = found.facts.platform.environment_class != "sim"
    if not found.routes and is_real:
        sentence = "the clusters alone hear of a broken glass: no route to people is named"
        findings.append(failed("", "docs/platform.md: notifications", sentence))
    if findings:
        return findings
    told = ", ".join((*found.routes, "the clusters"))
    return [passed("", f"a broken glass is told to {told}")]
