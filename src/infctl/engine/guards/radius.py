"""blast_radius: no step touches a region that the plan does not declare."""

import re
from collections.abc import Iterable, Iterator

from infctl.content.facts import Facts
from infctl.engine.operations import find
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan, Step


def blast_radius(plan: Plan, facts: Facts) -> Outcome:
    """No step touches a region that the plan does not declare, by name or as an object there."""
    radius = plan.blast_radius
    regions = facts.platform.region_names
    declared = {*radius.regions, *_named(radius.objects, regions)}
    for step in plan.steps:
        for region in _touched(step, regions):
            if region not in declared:
                sentence = f"{step.id} touches {region}, which is not declared"
                return Outcome(Word.FAILED, (sentence,))
    return Outcome(Word.PASSED, (f"touches {', '.join(radius.regions) or 'nothing'}",))


def _touched(step: Step, regions: Iterable[str]) -> list[str]:
    """The operation's own region, and each that the things which it changes lie in."""
    operation = step.operation
    handler = find(operation.kind, operation.version)
    if not handler.changes:
        return []
    own = [operation.region] if operation.region is not None else []
    return [*own, *_named(handler.touches(operation.args), regions)]


def _named(things: Iterable[str], regions: Iterable[str]) -> Iterator[str]:
    for region in regions:
        # A name may begin another: eu-west-1 is not in "eu-west-10".
        pattern = re.compile(rf"(?<![a-z0-9]){re.escape(region)}(?![a-z0-9-])")
        if any(pattern.search(thing) for thing in things):
            yield region
