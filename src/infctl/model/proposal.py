"""A plan with what its guards said, before anybody confirmed it; and how people read it. Pure."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infctl.model.outcome import Word
from infctl.model.plan import GuardResult, Plan
from infctl.model.text import clean

_WIDTH = 80


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be done, and every guard's judgement of it."""

    plan: Plan
    guards: tuple[GuardResult, ...]

    @property
    def is_refused(self) -> bool:
        """Whether a guard stands in the way."""
        return any(g.outcome.word is not Word.PASSED for g in self.guards)

    @property
    def is_blind(self) -> bool:
        """Whether a guard could not measure what it judges by."""
        return bool(self.blindness)

    @property
    def blindness(self) -> str:
        """What the guards could not measure, in a sentence; empty where they could."""
        return "; ".join(_evidence(g) for g in self.guards if g.outcome.word is Word.ERRORED)


def plan_lines(
    plan: Plan, guards: Sequence[GuardResult], overridden: Mapping[str, str] | None = None
) -> list[str]:
    """A plan in lines for people; `overridden` are guards with the reason that overrides them."""
    reasons = overridden or {}
    lines = [f"Plan: {clean(plan.summary)} in {plan.environment} (digest {plan.digest[:12]})", ""]
    for step in plan.steps:
        after = f" after {', '.join(step.after)}" if step.after else ""
        always = ", always" if step.always else ""
        lines += _folded(
            f"  {step.id:<14} {step.operation.kind:<18} {clean(step.expectation)}"
            f" (within {step.timeout:g} s{after}{always})",
            indent=36,
        )
    lines += ["", *touched_lines(plan), "", "Guards:"]
    for guard in guards:
        word, sentence = guard.outcome.word.value, f"{guard.guard}: {_evidence(guard)}"
        if guard.guard in reasons:
            word, sentence = "overridden", f"{sentence}; {word}, overridden: {reasons[guard.guard]}"
        lines += _folded(f"  {word:<12} {clean(sentence)}", indent=15)
    return lines


def touched_lines(plan: Plan) -> list[str]:
    """What a plan touches, and where traffic would go."""
    radius = plan.blast_radius
    lines = ["Blast radius:", f"  regions: {', '.join(radius.regions) or 'none'}"]
    lines += [f"  {clean(thing)}" for thing in radius.objects]
    if radius.traffic_share is not None:
        lines.append(f"  traffic moved: {radius.traffic_share:.0%}")
    lines += ["", "Predicted traffic:"]
    return lines + [f"  {region:<14} {share:.0%}" for region, share in plan.predicted.items()]


def _folded(line: str, *, indent: int) -> list[str]:
    """A line in pieces that fit a terminal of 80 columns; what follows stands under its text."""
    return textwrap.wrap(
        line, _WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False, drop_whitespace=True
    )


def _evidence(guard: GuardResult) -> str:
    return clean(", ".join(guard.outcome.evidence))
