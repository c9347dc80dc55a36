"""What is asked right before a run's first step: every guard, and what the doctor says."""

import asyncio
import logging
import time
from dataclasses import replace

from infctl.engine.guards import refuse
from infctl.errors import InfctlError
from infctl.executor.looking import is_recent, last_look, look, mark_of
from infctl.executor.order import Order
from infctl.executor.proposing import judge
from infctl.model.plan import GuardResult
from infctl.platform import Platform
from infctl.ports.world import World

_log = logging.getLogger(__name__)


async def judged(world: World, platform: Platform, order: Order) -> tuple[GuardResult, ...]:
    """What the guards say now; Refused where one stands in the way that was not overridden."""
    overridden = frozenset(order.overridden)
    results = await judge(world, platform, order.plan, run=order.run, overridden=overridden)
    refuse(results, overridden)
    return results


async def doctors_word(world: World, platform: Platform, order: Order) -> str:
    """What is not well, in a sentence, or nothing. It stands in no run's way.

    A recovery waits for no look: it begins on what was seen last, however long ago.
    """
    environment = platform.environment
    last = await asyncio.to_thread(last_look, environment)
    mark = await asyncio.to_thread(mark_of, platform.path, environment)
    if not order.plan.recovery and not is_recent(last, now=time.time(), mark=mark):
        try:
            await look(world, platform, besides=order.run)
        except InfctlError as error:
            return f"doctor: nothing was checked: {error.what}"
        except Exception as error:
            # Whatever is wrong with the doctor, it is no reason against the run.
            _log.exception("the doctor")
            return f"doctor: nothing was checked: {type(error).__name__}"
        last = await asyncio.to_thread(last_look, environment)
    if last is None:
        return ""
    # Somebody else may have looked while this very run began.
    others = tuple(sentence for sentence in last.bad if order.run not in sentence)
    return replace(last, bad=others).sentence(time.time())
