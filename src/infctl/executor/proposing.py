"""From facts to a proposal: one way for the command line and the console. Changes nothing."""

import contextlib
from collections.abc import Callable

from infctl.content.facts import Facts
from infctl.engine.guards import evaluate
from infctl.errors import Unmeasured
from infctl.executor.facts import DEADLINE, QUICK, read_facts, with_rights
from infctl.model.outcome import Word
from infctl.model.plan import GuardResult, Plan
from infctl.model.proposal import Proposal
from infctl.platform import Platform
from infctl.ports.world import World

_AGAIN = 2.0


async def propose(
    world: World,
    platform: Platform,
    make: Callable[[Facts], Plan],
    *,
    patience: float = 0.0,
    tell: Callable[[str], None] = lambda _: None,
) -> Proposal:
    """Read the facts, make the plan, ask the guards.

    Who is slow to answer is waited for only where the others do not say enough. For `patience`
    seconds facts that could not be read yet are asked for again: a platform that was just brought
    up has no metrics for a few seconds. `tell` hears once what is waited for.
    """
    with contextlib.suppress(Unmeasured):
        proposal = await _propose(world, platform, make, QUICK)
        if not proposal.is_blind:
            return proposal
    told = False
    deadline = world.clock.boottime() + patience
    while True:
        is_last = world.clock.boottime() >= deadline
        try:
            proposal = await _propose(world, platform, make, DEADLINE)
        except Unmeasured as error:
            if is_last:
                raise
            missing = error.what
        else:
            if is_last or not proposal.is_blind:
                return proposal
            missing = proposal.blindness
        if not told:
            tell(f"{missing}; asking again for up to {patience:g} s")
            told = True
        await world.clock.sleep(_AGAIN)


async def _propose(
    world: World, platform: Platform, make: Callable[[Facts], Plan], deadline: float
) -> Proposal:
    facts = await read_facts(world, platform, deadline=deadline)
    plan = make(facts)
    return Proposal(plan, evaluate(plan, await with_rights(facts, world, plan)))


async def judge(
    world: World, platform: Platform, plan: Plan, *, run: str, overridden: frozenset[str]
) -> tuple[GuardResult, ...]:
    """What every guard says of a frozen plan now; `run` is its own and no obstacle to it.

    Who is slow is waited for only where a guard that is not `overridden` cannot do without.
    """
    results: tuple[GuardResult, ...] = ()
    for deadline in (QUICK, DEADLINE):
        facts = await read_facts(world, platform, besides=run, deadline=deadline)
        results = evaluate(plan, await with_rights(facts, world, plan))
        blind = {r.guard for r in results if r.outcome.word is Word.ERRORED}
        if blind <= overridden:
            break
    return results
