"""What the name service answers now, asked often enough to see every weighted record."""

import asyncio

from infctl.engine.handler import Context


async def sample_answers(context: Context, host: str, times: int) -> frozenset[str]:
    """The addresses seen in `times` answers; Unreachable where no server answers."""
    answers = await asyncio.gather(*(context.world.resolver.resolve(host) for _ in range(times)))
    return frozenset(address for answer in answers for address in answer.addresses)


def seconds_without(context: Context, memory: str, is_without: bool) -> float:
    """For how long a condition held, by the clock that counts suspend; 0.0 where it does not."""
    now = context.world.clock.boottime()
    if not is_without:
        context.memory.pop(memory, None)
        return 0.0
    since: float = context.memory.setdefault(memory, now)
    return now - since
