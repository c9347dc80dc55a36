"""residency: traffic of zones that the platform file binds stays in its zone."""

from infctl.content.facts import Facts
from infctl.engine.guards.leaving import leaving
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan


def residency(plan: Plan, facts: Facts) -> Outcome:
    """A region of a bound zone leaves only where another one of its zone takes over."""
    bound = facts.platform.guards.bound_zones
    if not bound:
        return Outcome(Word.PASSED, ("the platform file binds no zone",))
    off = set(leaving(plan))
    problems: list[str] = []
    unread: list[str] = []
    for zone in bound:
        members = [r.name for r in facts.platform.regions if r.residency == zone]
        if not off.intersection(members):
            continue
        staying = [facts.snapshot.region(name) for name in members if name not in off]
        healthy = [r.dns_healthy for r in staying if r is not None]
        if any(h.known and h.value for h in healthy):
            continue
        sentence = f"no region of zone {zone} would be on: its traffic would leave it"
        (unread if any(not h.known for h in healthy) else problems).append(sentence)
    if problems:
        return Outcome(Word.FAILED, tuple(problems))
    if unread:
        return Outcome(Word.ERRORED, tuple(unread))
    return Outcome(Word.PASSED, (f"traffic of {', '.join(bound)} stays there",))
