"""Copies of a simulated run in the clusters: written before each act, read at a takeover."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from infctl.engine.copies import find_copy
from infctl.engine.journal import adopt_records
from infctl.engine.mirroring import PATIENCE, Mirror
from infctl.engine.order import Order
from infctl.errors import Unreachable, UsageError
from infctl.model.journal import Record
from infctl.ports.world import World
from infctl.simulator.disk import NOWHERE, SimulatedDisk
from infctl.simulator.loop import PROCESS, Process
from infctl.simulator.network import Link
from infctl.simulator.ports import clusters

if TYPE_CHECKING:
    from infctl.simulator.host import Executor, Host
    from infctl.simulator.simulation import Simulation
    from infctl.simulator.trace import Job

_LOOKS = 40
_PAUSE = 5.0


@dataclass(slots=True)
class Copying:
    """What is known of the copies of a run as one machine has it.

    `silent` are the clusters that did not answer when the machine caught up, `unkept` is when none
    took a copy in time, `begun` when each intent was written, `told` the last one with an act that
    a cluster had. `partial` is whether an act is not
    known here since its copy was nowhere, or where nobody answered; `left` whether the machine is
    gone for good, or another carried the run on.
    """

    silent: frozenset[str] = frozenset()
    unkept: float = -1.0
    begun: dict[tuple[str, bool], float] = field(default_factory=dict)
    told: int = 0
    partial: bool = False
    left: bool = False


class WatchedMirror(Mirror):
    """The engine's copies; where nobody took one in time, the judges know."""

    def __init__(self, executor: "Executor", world: World, order: Order) -> None:
        assert executor.journal is not None  # noqa: S101
        self._seen_by = executor
        super().__init__(world.clusters, order, executor.journal, executor.host.clock, executor.say)

    async def settle(self, patience: float = PATIENCE) -> bool:
        """Wait for a copy."""
        is_kept = await super().settle(patience)
        copying = self._seen_by.job.copying
        if not is_kept and copying is not None:
            copying.unkept = self._seen_by.simulation.now()
        return is_kept


@contextlib.asynccontextmanager
async def mirrored(executor: "Executor") -> AsyncIterator[Mirror | None]:
    """Copy while the block runs; None where nobody else will ever look."""
    job = executor.job
    if job.copying is None:
        yield None
        return
    actor, on_failure = "simulated", executor.simulation.scenario.on_failure
    order = Order(job.run, job.plan, NOWHERE, "simulated", actor, on_failure)
    mirror = WatchedMirror(executor, _world_of(executor), order)
    running = asyncio.create_task(mirror.run())
    try:
        yield mirror
    finally:
        running.cancel()


async def catch_up(executor: "Executor") -> None:
    """What the holder before us wrote last, now that the lock is ours."""
    copying, journal = executor.job.copying, executor.journal
    if copying is None or journal is None:
        return
    world = _world_of(executor)
    copy = await executor.simulation.engine.catch_up(world, journal)
    copying.silent = frozenset(world.clusters if copy is None else copy.silent)
    executor.simulation.adopted(executor.job, journal.records())


async def bring(simulation: "Simulation", job: "Job", host: "Host") -> bool:
    """Read a run's copies onto a machine that knows nothing of it; False where none is open."""
    process = Process("reader")
    PROCESS.set(process)
    network = simulation.network
    link = Link(job.run, process, partial(simulation.on_look, host), judged=False)
    world = simulation.world.world("simulated")
    world = replace(world, clusters=clusters(network, link, simulation.world), clock=host.clock)
    for _ in range(_LOOKS):
        try:
            copy = await find_copy(world, job.run)
        except UsageError:
            return False
        except Unreachable:
            await asyncio.sleep(_PAUSE)
            continue
        if not copy.view.over:
            _write(job, copy.records)
            job.plan = copy.order.plan
            simulation.adopted(job, copy.records)
        return not copy.view.over
    return False


def _write(job: "Job", records: tuple[Record, ...]) -> None:
    adopt_records(NOWHERE, records, SimulatedDisk(job.disk, _unharmed))


def _unharmed(what: str) -> str:
    """What comes of a write to a disk that is well."""
    del what
    return ""


def _world_of(executor: "Executor") -> World:
    """The clusters as copies go there: without a fence, and no act of the run."""
    simulation, process = executor.simulation, executor.process
    link = Link(executor.job.run, process, partial(simulation.on_copy, executor), judged=False)
    world = simulation.world.world("simulated")
    held = clusters(simulation.network, link, simulation.world)
    return replace(world, clusters=held, clock=executor.host.clock)
