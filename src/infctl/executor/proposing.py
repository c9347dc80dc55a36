"""From facts to a proposal: one way for the command line and the console. Changes nothing."""

from collections.abc import Callable

from infctl.content.facts import Facts
from infctl.engine.guards import evaluate
from infctl.errors import Unmeasured
from infctl.executor.facts import read_facts, with_rights
from infctl.model.plan import Plan
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

    For `patience` seconds facts that could not be read yet are asked for again: a platform that was
    just brought up has no metrics for a few seconds. `tell` hears once what is waited for.
    """
    told = False
    deadline = world.clock.boottime() + patience
    while True:
        is_last = world.clock.boottime() >= deadline
        facts = await read_facts(world, platform)
        try:
            plan = make(facts)
        except Unmeasured as error:
            if is_last:
                raise
            missing = error.what
        else:
            asked = await with_rights(facts, world, plan)
            proposal = Proposal(plan, evaluate(plan, asked))
            if is_last or not proposal.is_blind:
                return proposal
            missing = proposal.blindness
        if not told:
            tell(f"{missing}; asking again for up to {patience:g} s")
            told = True
        await world.clock.sleep(_AGAIN)
