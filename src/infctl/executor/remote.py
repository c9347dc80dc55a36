"""Runs of other machines: found by their copies in the clusters, and taken over from there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from infctl.engine.journal import adopt_records
from infctl.engine.mirror import (
    ENVIRONMENT_LABEL,
    RUN_LABEL,
    read_order,
    read_records,
    runs_in,
)
from infctl.errors import ConfigurationError, InfctlError, Refused, Unreachable, UsageError
from infctl.executor.folders import RUN_ID, make_folder
from infctl.executor.order import Order, order_of, write_order
from infctl.model.fence import SYSTEM as NAMESPACE
from infctl.model.journal import Record
from infctl.model.run import RunView, fold
from infctl.model.text import clean
from infctl.platform import Platform
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object
from infctl.ports.world import World

DEADLINE = 3.0


@dataclass(frozen=True, slots=True)
class Copy:
    """A run as the clusters tell it."""

    order: Order
    records: tuple[Record, ...]

    @property
    def view(self) -> RunView:
        """The run's state; its executor lives elsewhere, or not at all."""
        return fold(self.records)


async def find_copy(world: World, run: str) -> Copy:
    """The copy of one run, put together from every cluster that answers.

    Raises UsageError where no cluster has one, Unreachable where none answers.
    """
    if RUN_ID.fullmatch(run) is None:
        raise UsageError(f"there is no run {run}", hint="infctl runs list")
    objects = await _objects(world, f"{RUN_LABEL}={run}")
    found = _copy(run, objects)
    if found is None:
        raise UsageError(
            f"neither this machine nor a cluster knows run {run}",
            hint="infctl runs list --clusters",
        )
    return found


async def list_copies(world: World, deadline: float = DEADLINE) -> list[Copy]:
    """Every run of the environment that the clusters keep, the newest first."""
    objects = await _objects(world, f"{ENVIRONMENT_LABEL}={world.environment}", deadline)
    copies = (_copy(run, found) for run, found in runs_in(objects).items())
    return sorted((c for c in copies if c is not None), key=lambda c: c.order.run, reverse=True)


async def refuse_if_overtaken(world: World, view: RunView) -> None:
    """Raise Refused where the clusters know a newer holder of the run than this machine does.

    Where no cluster answers, nothing is known of one: the fence decides then.
    """
    try:
        copy = await find_copy(world, view.run)
    except InfctlError:
        return
    there = copy.view
    if there.fence <= view.fence:
        return
    holder = there.holder if isinstance(there.holder, dict) else {}
    raise Refused(
        f"run {view.run} was carried on elsewhere, on {clean(str(holder.get('host', '?')))}:"
        f" {there.state}",
        hint=f"infctl runs list --clusters; infctl runs abandon {view.run} --reason elsewhere",
        unchanged="nothing was done",
    )


def take_over(copy: Copy, platform: Platform) -> Path:
    """Write the run as the clusters tell it into this machine's state; its folder.

    The plan then runs with this machine's platform file and access file. Raises ConfigurationError
    where the copy is of another environment.
    """
    order = copy.order
    if order.environment != platform.environment:
        raise ConfigurationError(
            f"run {order.run} is of environment {order.environment}, not {platform.environment}",
            hint=f"infctl --env {order.environment} runs resume {order.run}",
            unchanged="nothing was written",
        )
    folder = make_folder(order.run)
    here = replace(order, platform=platform.path.resolve(), overlay=platform.overlay, report=None)
    adopt_records(folder, copy.records)
    # Last: without an order no executor takes the folder for a run.
    write_order(folder, here)
    return folder


async def _objects(world: World, selector: str, deadline: float = DEADLINE) -> list[Object]:
    # Loading the client must not eat the regions' deadline.
    await world.warm()
    answers = await asyncio.gather(*(_ask(c, selector, deadline) for c in world.clusters.values()))
    heard = [answer for answer in answers if isinstance(answer, list)]
    if not heard:
        reasons = "; ".join(str(answer) for answer in answers)
        raise Unreachable(f"no cluster answers: {reasons}", hint="infctl status")
    return [each for answer in heard for each in answer]


async def _ask(cluster: Cluster, selector: str, deadline: float) -> list[Object] | str:
    try:
        async with asyncio.timeout(deadline):
            return await cluster.list(CONFIG_MAP, NAMESPACE, selector)
    except TimeoutError:
        return f"{cluster.region}: no answer within {deadline:g} s"
    except InfctlError as error:
        return error.what


def _copy(run: str, objects: list[Object]) -> Copy | None:
    """The copy, where its order is whole and the journal is of the order's plan."""
    data = read_order(run, objects)
    records = read_records(run, objects)
    if data is None or not records or RUN_ID.fullmatch(run) is None:
        return None
    try:
        order = order_of(_typed(data), f"the copy of run {run}")
    except ConfigurationError:
        return None
    return Copy(order, records) if records[0].plan_digest == order.plan.digest else None


def _typed(data: Mapping[str, object]) -> Mapping[str, object]:
    """What lies in a cluster may be of any type: only texts where texts belong."""
    wanted = ("run", "platform", "environment", "actor", "on_failure")
    return data if all(isinstance(data.get(name), str) for name in wanted) else {}
