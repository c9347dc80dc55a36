"""What other machines do to an environment, by the copies of their runs."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from infctl.engine.copies import Copy, list_copies
from infctl.engine.journal import read_journal
from infctl.engine.mirror import ENVIRONMENT_LABEL, read_records, runs_in
from infctl.engine.mirroring import Mirror
from infctl.engine.unfinished import describe_run
from infctl.errors import InfctlError
from infctl.executor.folders import run_ids, runs_folder
from infctl.executor.order import read_order
from infctl.model.fence import SYSTEM
from infctl.model.journal import Kind, Record
from infctl.model.run import RunView, fold
from infctl.ports.cluster import CONFIG_MAP, Cluster
from infctl.ports.world import World

KEPT = 30
"""How many runs that are over keep their copies, the newest ones."""
_PRUNE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Written:
    """A journal that is only read."""

    content: tuple[Record, ...]

    def append(self, kind: Kind, **_: object) -> Record:
        """Never: what is written is written."""
        raise NotImplementedError(kind)

    def records(self) -> tuple[Record, ...]:
        """All records."""
        return self.content

    def view(self) -> RunView:
        """The run as they tell it."""
        return fold(self.content)


async def unfinished(
    world: World, here: Mapping[str, str], deadline: float
) -> tuple[dict[str, str], str]:
    """The runs of an environment that have not ended, with a sentence about each.

    `here` are those of this machine; one that was ended elsewhere is not open any more. The
    clusters are told of those that ended here and are open by their copies: an end may have found
    no cluster that answered. Where none answers, only this machine's are known: the second result
    says why.
    """
    try:
        copies = await list_copies(world, deadline)
    except InfctlError as error:
        return dict(here), error.what
    known = frozenset(run_ids())
    await _tell_ends(world, [c for c in copies if c.order.run in known - here.keys()])
    ended = {c.order.run for c in copies if c.view.over}
    found = {run: sentence for run, sentence in here.items() if run not in ended}
    for copy in copies:
        if not copy.view.over and copy.order.run not in known:
            found[copy.order.run] = _sentence(copy)
    return found, ""


async def _tell_ends(world: World, copies: Iterable[Copy]) -> None:
    for copy in copies:
        if not copy.view.over:
            with contextlib.suppress(InfctlError):
                await _tell_end(world, copy)


async def _tell_end(world: World, copy: Copy) -> None:
    """Only where nobody else wrote on meanwhile: then the end is theirs to tell."""
    folder = runs_folder() / copy.order.run
    records = await asyncio.to_thread(read_journal, folder)
    follow = records[: len(copy.records)] == copy.records
    if follow and fold(records).over:
        await publish(world, folder)


async def publish(world: World, folder: Path) -> bool:
    """Copy a journal that nobody writes any more to the clusters; whether one has it then."""
    order, records = read_order(folder), read_journal(folder)
    await world.warm()
    mirror = Mirror(world.clusters, order, Written(records), world.clock, lambda _: None)
    running = asyncio.create_task(mirror.run())
    try:
        return await mirror.settle(_PRUNE_SECONDS)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def prune(world: World, keep: int = KEPT) -> None:
    """Take away the copies of runs that are long over, wherever a cluster answers."""
    await asyncio.gather(*(_prune(c, world.environment, keep) for c in world.clusters.values()))


async def _prune(cluster: Cluster, environment: str, keep: int) -> None:
    with contextlib.suppress(InfctlError, TimeoutError):
        async with asyncio.timeout(_PRUNE_SECONDS):
            selector = f"{ENVIRONMENT_LABEL}={environment}"
            found = runs_in(await cluster.list(CONFIG_MAP, SYSTEM, selector))
            for run in sorted(found, reverse=True)[keep:]:
                records = read_records(run, found[run])
                if not records or records[-1].kind != Kind.HEAD:
                    continue
                for each in found[run]:
                    metadata = each["metadata"]
                    await cluster.delete(
                        CONFIG_MAP, metadata["name"], SYSTEM, uid=metadata.get("uid")
                    )


def _sentence(copy: Copy) -> str:
    order = copy.order
    view = replace(copy.view, plan=order.plan, actor=order.actor)
    return describe_run(view, run=order.run, elsewhere=True)
