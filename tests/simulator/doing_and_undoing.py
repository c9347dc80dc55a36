"""Carries a plan out over the simulated environment, lets others change it, and takes it back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.fencing import fenced
from infctl.engine.handler import Context
from infctl.engine.machine import Machine
from infctl.fakes.world import FakeWorld
from infctl.model.journal import Kind
from infctl.model.plan import Plan
from infctl.model.run import RunState, RunView
from infctl.simulator.disk import Platter, SimulatedDisk, WatchedJournal
from infctl.simulator.environment import build, picture, scratch
from infctl.simulator.loop import Process, virtual_loop

RUN = "01property"


@dataclass(frozen=True)
class Undone:
    """What was there before, after the plan, with what others did, and after the undo."""

    before: dict[str, Any]
    done: dict[str, Any]
    changed: dict[str, Any]
    after: dict[str, Any]
    forward: RunView
    view: RunView
    state: RunState
    reason: str


def do_and_undo(plan: Plan, others: Iterable[str] = ()) -> Undone:
    """Everything, in virtual time; `others` are the places that somebody else writes in between."""
    return virtual_loop().run(_do_and_undo(plan, tuple(others)))


async def _do_and_undo(plan: Plan, others: tuple[str, ...]) -> Undone:
    world = build()
    before = picture(world)
    journal = _journal(world, plan)
    journal.append(Kind.PLAN, args=plan.to_json())
    await _live(world, plan, journal, 1, Decisions())
    forward, done = journal.view(), picture(world)
    for place in others:
        if place in done:
            write_over(world, place)
    changed = picture(world)
    asked = Decisions()
    asked.put(Decision(Verb.UNDO, by="somebody"))
    state, reason = await _live(world, plan, journal, 2, asked)
    return Undone(before, done, changed, picture(world), forward, journal.view(), state, reason)


async def _live(
    world: FakeWorld, plan: Plan, journal: WatchedJournal, fence: int, decisions: Decisions
) -> tuple[RunState, str]:
    """One executor after the other, each with its own fence."""
    ports = world.world("simulated")
    journal.fence = fence
    journal.append(Kind.LEASE, args={"host": "property", "fence": fence})
    held = fenced(ports.clusters, fence, RUN, world.clock, lambda _: None)
    ports = replace(ports, clusters=held)
    context = Context(ports, scratch(), RUN, "property", journal.view)
    return await Machine(plan, journal, context, decisions, on_failure="stop").run()


def _journal(world: FakeWorld, plan: Plan) -> WatchedJournal:
    disk = SimulatedDisk(Platter(), lambda _: "")
    return WatchedJournal(
        disk,
        Process("property"),
        lambda _: None,
        run=RUN,
        plan_digest=plan.digest,
        clock=world.clock,
    )


def write_over(world: FakeWorld, place: str) -> None:
    """Somebody writes what no plan ever wrote, as kubectl does."""
    region, kind, space, name = place.split("/")
    cluster = world.clusters[region]
    (key,) = (k for k in cluster.storage.objects if (k[0].kind, *k[1:]) == (kind, space, name))
    stored = cluster.storage.objects[key]
    found = {**stored.object, "metadata": dict(stored.object["metadata"])}
    if kind == "Deployment":
        found["spec"] = {**found["spec"], "replicas": 9}
        found["metadata"]["generation"] += 1
        for controller in cluster.controllers:
            controller(found)
    else:
        found["data"] = {**found["data"], "content": "somebody's"}
    cluster.storage.write(key, found, stored.owners)
