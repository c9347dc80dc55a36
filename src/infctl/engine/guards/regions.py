"""regions_on: enough regions are in the answers afterwards."""

from infctl.content.facts import Facts
from infctl.engine.guards.leaving import leaving
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Plan
from infctl.model.snapshot import RegionSnapshot


def regions_on(plan: Plan, facts: Facts) -> Outcome:
    """Enough regions are in the answers afterwards.

    A region whose switch is set already counts as off, though health checks have not turned yet.
    """
    off = leaving(plan)
    if not off:
        return Outcome(Word.PASSED, ("no region leaves",))
    others = [r for r in facts.snapshot.regions if r.name not in off]
    staying = [r.name for r in others if _stays(r)]
    least = facts.platform.guards.min_regions_on
    sentence = (
        f"{len(staying)} regions on afterwards ({', '.join(staying) or 'none'}), at least {least}"
    )
    if len(staying) >= least:
        carried = [facts.carried] if facts.carried else []
        return Outcome(Word.PASSED, (sentence, *carried))
    unread = [f"{r.name}: {r.dns_healthy.reason}" for r in others if not r.dns_healthy.known]
    if unread:
        return Outcome(Word.ERRORED, (sentence, *unread))
    return Outcome(Word.FAILED, (sentence,))


def _stays(region: RegionSnapshot) -> bool:
    # Where no keeper says whether the switch is set, the health checks have the word: of two
    # regions, the one that dies keeps the other's switch.
    is_in = region.dns_healthy.known and bool(region.dns_healthy.value)
    return is_in and region.switched_off.value is not True
