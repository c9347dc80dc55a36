"""plans: each recovery plan can be made of today's facts, and the linter has nothing to say."""

from infctl.engine.lint import lint
from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed
from infctl.model.outcome import Word


def plans(found: Examination) -> list[Finding]:
    """Made, and linted."""
    findings = [
        blind("", "infctl runbook lint", f"{name} cannot be planned: {why}")
        for name, why in found.broken.items()
    ]
    for plan in found.plans:
        bad = [r for r in lint(plan, found.facts) if r.outcome.word is not Word.PASSED]
        if bad:
            words = (f"{plan.summary}: {r.guard}: {', '.join(r.outcome.evidence)}" for r in bad)
            findings.append(failed("", "infctl runbook lint", *words))
    return findings or [passed("", f"{len(found.plans)} plans can be made")]
