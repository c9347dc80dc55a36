"""Runs as the clusters tell them: found by their copies, and caught up with once the lock is ours.

Nothing here touches files: what is found is handed on.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from infctl.engine.mirror import (
    ENVIRONMENT_LABEL,
    RUN_LABEL,
    read_orders,
    read_records,
    runs_in,
)
from infctl.engine.order import RUN_ID, Order, order_of
from infctl.errors import ConfigurationError, InfctlError, Refused, Unreachable, UsageError
from infctl.model.fence import SYSTEM as NAMESPACE
from infctl.model.journal import Record
from infctl.model.run import RunView, fold
from infctl.model.text import clean
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object
from infctl.ports.world import World

DEADLINE = 3.0


@dataclass(frozen=True, slots=True)
class Copy:
    """A run as the clusters tell it; `silent` are those that did not answer."""

    order: Order
    records: tuple[Record, ...]
    silent: tuple[str, ...] = ()

    @property
    def view(self) -> RunView:
        """The run's state; its executor lives elsewhere, or not at all."""
        return fold(self.records)


class Extended(Protocol):
    """A journal that takes records which another holder of the run wrote."""

    def records(self) -> tuple[Record, ...]:
        """All records so far."""

    def view(self) -> RunView:
        """The run as they tell it."""

    def extend(self, records: tuple[Record, ...]) -> None:
        """Write records as they are."""


async def find_copy(world: World, run: str) -> Copy:
    """The copy of one run, put together from every cluster that answers.

    Raises UsageError where no cluster has one, Unreachable where none answers.
    """
    if RUN_ID.fullmatch(run) is None:
        raise UsageError(f"there is no run {run}", hint="infctl runs list")
    objects, silent = await _objects(world, f"{RUN_LABEL}={run}")
    if not objects:
        raise UsageError(
            f"neither this machine nor a cluster knows run {run}",
            hint="infctl runs list --clusters",
        )
    found = _copy(run, objects, silent)
    if isinstance(found, str):
        raise UsageError(
            f"what the clusters keep of run {run} is no run: {found}",
            hint=f"kubectl -n {NAMESPACE} get configmaps -l {RUN_LABEL}={run}",
            unchanged="it is left as it is",
        )
    return found


async def list_copies(world: World, deadline: float = DEADLINE) -> list[Copy]:
    """Every run of the environment that the clusters keep, the newest first."""
    return (await read_copies(world, deadline))[0]


async def read_copies(
    world: World, deadline: float = DEADLINE
) -> tuple[list[Copy], dict[str, str]]:
    """Every run that the clusters keep, the newest first; and what is no run, with the reason."""
    objects, silent = await _objects(world, f"{ENVIRONMENT_LABEL}={world.environment}", deadline)
    found = {run: _copy(run, kept, silent) for run, kept in runs_in(objects).items()}
    copies = [copy for copy in found.values() if isinstance(copy, Copy)]
    broken = {run: why for run, why in found.items() if isinstance(why, str)}
    return sorted(copies, key=lambda copy: copy.order.run, reverse=True), broken


async def catch_up(world: World, journal: Extended) -> Copy | None:
    """Take what the holder before us wrote after its copy was read; what was read now.

    Asked once the lock is held: only then can nobody act any more. Raises Refused where a newer
    holder carried the run on. None where no cluster answers: the fence decides then.
    """
    view, ours = journal.view(), journal.records()
    try:
        copy = await find_copy(world, view.run)
    except InfctlError:
        return None
    _compare(copy.view, view)
    if len(copy.records) > len(ours) and copy.records[len(ours) - 1].digest == ours[-1].digest:
        journal.extend(copy.records[len(ours) :])
    return copy


def _compare(there: RunView, here: RunView) -> None:
    if there.fence <= here.fence:
        return
    holder = there.holder if isinstance(there.holder, dict) else {}
    raise Refused(
        f"run {here.run} was carried on elsewhere, on {clean(str(holder.get('host', '?')))}:"
        f" {there.state}",
        hint=f"infctl runs list --clusters; infctl runs abandon {here.run} --reason elsewhere",
        unchanged="nothing was done",
    )


async def _objects(
    world: World, selector: str, deadline: float = DEADLINE
) -> tuple[list[Object], tuple[str, ...]]:
    """What the clusters hold, and those that did not answer."""
    # Loading the client must not eat the regions' deadline.
    await world.warm()
    asked = (_ask(cluster, selector, deadline) for cluster in world.clusters.values())
    answers = dict(zip(world.clusters, await asyncio.gather(*asked), strict=True))
    heard = [answer for answer in answers.values() if isinstance(answer, list)]
    if not heard:
        reasons = "; ".join(str(answer) for answer in answers.values())
        raise Unreachable(f"no cluster answers: {reasons}", hint="infctl status")
    silent = tuple(name for name, answer in answers.items() if isinstance(answer, str))
    return [each for answer in heard for each in answer], silent


async def _ask(cluster: Cluster, selector: str, deadline: float) -> list[Object] | str:
    try:
        async with asyncio.timeout(deadline):
            return await cluster.list(CONFIG_MAP, NAMESPACE, selector)
    except TimeoutError:
        return f"{cluster.region}: no answer within {deadline:g} s"
    except InfctlError as error:
        return error.what


def _copy(run: str, objects: list[Object], silent: tuple[str, ...]) -> Copy | str:
    """The copy, where an order is whole and the journal is of its plan; else what it lacks."""
    if RUN_ID.fullmatch(run) is None:
        return "its name is none of a run"
    records = read_records(run, objects)
    if not records:
        return "its first record is missing, or is none"
    orders = (_order(run, data) for data in read_orders(run, objects))
    fitting = (o for o in orders if o is not None and o.plan.digest == records[0].plan_digest)
    order = next(fitting, None)
    if order is None:
        return "no order is whole and of the plan that its records name"
    copy = Copy(order, records, silent)
    try:
        seen = copy.view.plan
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return "its records make no sense"
    return copy if seen == order.plan else "its records hold another plan than its order"


def _order(run: str, data: Mapping[str, object]) -> Order | None:
    """An order that is typed as it was written: what lies in a cluster may be of any type."""
    texts = ("run", "platform", "environment", "actor", "on_failure", "digest")
    guards = data.get("overridden")
    is_typed = (
        all(isinstance(data.get(name), str) for name in texts)
        and all(isinstance(data.get(name), str | None) for name in ("overlay", "report"))
        and isinstance(guards, list)
        and all(isinstance(guard, str) for guard in guards)
    )
    try:
        return order_of(data, f"the copy of run {run}") if is_typed else None
    except ConfigurationError:
        return None
