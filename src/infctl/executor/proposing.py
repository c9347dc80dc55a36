"""From facts to a proposal: one way for the command line and the console. Changes nothing."""

from collections.abc import Callable

from infctl.content.facts import Facts
from infctl.engine.guards import evaluate
from infctl.executor.facts import read_facts
from infctl.model.plan import Plan
from infctl.model.proposal import Proposal
from infctl.platform import Platform
from infctl.ports.world import World

_AGAIN = 2.0


async def propose(
    world: World, platform: Platform, make: Callable[[Facts], Plan], *, patience: float = 0.0
) -> Proposal:
    """Read the facts, make the plan, ask the guards.

    For `patience` seconds facts that could not be read yet are asked for again: a platform that was
    just brought up has no metrics for a few seconds.
    """
    deadline = world.clock.boottime() + patience
    while True:
        facts = await read_facts(world, platform)
        plan = make(facts)
        proposal = Proposal(plan, evaluate(plan, facts))
        if not proposal.is_blind or world.clock.boottime() >= deadline:
            return proposal
        await world.clock.sleep(_AGAIN)
