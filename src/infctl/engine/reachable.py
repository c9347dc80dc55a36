"""The same question to several regions' clusters, of which some may not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from infctl.errors import Frozen, InfctlError, LeaseLost, Unreachable
from infctl.ports.cluster import Cluster
from infctl.ports.world import World

T = TypeVar("T")
DEADLINE = 5.0


@dataclass(frozen=True, slots=True)
class Answers(Generic[T]):
    """What each region answered, and why others did not."""

    found: dict[str, T] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)

    def require_one(self) -> None:
        """Unreachable where nobody answered at all."""
        if not self.found:
            raise Unreachable("; ".join(self.silent.values()) or "no region was asked")


async def ask_each(
    world: World, regions: Iterable[str], question: Callable[[Cluster], Awaitable[T]]
) -> Answers[T]:
    """Ask all at once, each within 5 s.

    A region that refuses us counts as silent: what it holds is not known either. A lost lease and
    a freeze are raised, since they hold for all.
    """
    names = tuple(dict.fromkeys(regions))
    results = await asyncio.gather(*(_ask(world, name, question) for name in names))
    answers: Answers[T] = Answers()
    for name, (result, why) in zip(names, results, strict=True):
        if result is None:
            answers.silent[name] = why
        else:
            answers.found[name] = result[0]
    return answers


async def _ask(
    world: World, region: str, question: Callable[[Cluster], Awaitable[T]]
) -> tuple[tuple[T] | None, str]:
    cluster = world.clusters.get(region)
    if cluster is None:
        return None, f"there is no cluster for {region}"
    try:
        async with asyncio.timeout(DEADLINE):
            return (await question(cluster),), ""
    except (LeaseLost, Frozen):
        raise
    except TimeoutError:
        return None, f"{region} does not answer within {DEADLINE:g} s"
    except InfctlError as error:
        return None, error.what
