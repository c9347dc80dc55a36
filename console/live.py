"""The feed over a real environment: reads through `observe`, drills through executors."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from infctl.console.feed import RunPicture, Scope
from infctl.console.pictures import draw_run
from infctl.console.standing import Standing
from infctl.content.facts import Facts
from infctl.drills.failover import Settings, plan
from infctl.engine.decisions import Decision, Verb
from infctl.engine.guards import refuse
from infctl.engine.locks import FreezeWatch
from infctl.engine.locks.refusals import moment
from infctl.errors import Frozen
from infctl.executor.freezing import frozen_here
from infctl.executor.launch import launch, revive, whoami
from infctl.executor.proposing import propose
from infctl.executor.watch import follow, latest_run, losses, read_run
from infctl.model.overview import Agreement
from infctl.model.plan import Plan
from infctl.model.proposal import Proposal, touched_lines
from infctl.model.run import RunView
from infctl.model.snapshot import Snapshot
from infctl.model.text import clean
from infctl.observe.snapshot import Target, observe
from infctl.platform import Platform
from infctl.ports.world import World

TICK = 0.5
"""Seconds after which a run is drawn again though its journal did not grow: clocks go on."""
_RUNS_ARE_FRESH = 2.0


class LiveFeed:
    """Implements `Feed`; `world` is closed with it, `open_another` gives the doctor its own."""

    def __init__(
        self,
        platform: Platform,
        world: World,
        open_another: Callable[[], World] | None = None,
    ) -> None:
        service = platform.service
        agreement = Agreement(service.sla.availability, service.sla.latency_p99)
        self.scope = Scope(
            service.name,
            world.environment,
            platform.environment_class,
            agreement,
            tuple(platform.region_names),
        )
        self._platform = platform
        self._world = world
        self._target = Target(service.name, service.host, service.zone, self.scope.regions)
        self._latest: tuple[float, str | None] = (0.0, None)
        self._freezes = FreezeWatch(world, frozen_here, world.clock)
        self._watching: asyncio.Task[None] | None = None
        self._standing = Standing(platform, world, open_another)

    async def snapshot(self, previous: Snapshot | None) -> Snapshot:
        """One picture of all regions, each with its own deadline."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._freezes.run())
        if previous is None:
            await self._world.warm()
            self._standing.start()
        return await observe(self._world, self._target, previous=previous)

    def frozen(self) -> str:
        """By this machine's word at once, by a cluster's within a second."""
        found = self._freezes.current()
        return "" if found is None else f"since {moment(found.at)} by {found.by}: {found.why}"

    def standing(self) -> tuple[str, ...]:
        """Broken glass, then what the doctor saw."""
        return self._standing.lines()

    def latest_run(self) -> str | None:
        """Read from disk at most every two seconds: the header asks every second."""
        at, run = self._latest
        if time.monotonic() - at > _RUNS_ARE_FRESH:
            run = latest_run()
            self._latest = (time.monotonic(), run)
        return run

    async def follow(self, run: str) -> AsyncIterator[RunPicture]:
        """A picture after each record and at each tick, until the run has ended."""
        views = follow(run)
        view: RunView | None = None
        waiting = asyncio.ensure_future(anext(views, None))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=TICK)
                if done:
                    newest = waiting.result()
                    if newest is None:
                        return
                    view = newest
                    waiting = asyncio.ensure_future(anext(views, None))
                if view is not None:
                    yield draw_run(view, time.time())
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def plan_drill(self, region: str) -> Proposal:
        """Losing one region, as the platform file sets the drill."""

        def make(facts: Facts) -> Plan:
            facts.address(region)
            return plan(facts, Settings(region))

        return await propose(self._world, self._platform, make)

    async def start_drill(self, proposal: Proposal) -> str:
        """An executor of its own takes the plan; closing the console does not touch it."""
        refuse(proposal.guards)
        await self._freezes.ask()
        if why := self.frozen():
            hint = "infctl freeze --status; infctl freeze --lift"
            raise Frozen(f"frozen {why}", hint=hint, unchanged="nothing was started")
        run = await asyncio.to_thread(
            launch,
            proposal.plan,
            platform=self._platform.path,
            environment=self._platform.environment,
            overlay=self._platform.overlay,
            on_failure="undo",
        )
        self._latest = (time.monotonic(), run)
        return run

    async def decide(self, run: str, verb: str, reason: str) -> None:
        """As `infctl runs VERB` does; the executor's journal says what comes of it."""
        decision = Decision(Verb(verb), by=whoami(), reason=reason)
        await asyncio.to_thread(revive, run, decision)

    async def losses(self, run: str) -> list[str]:
        """From the operations of the steps that wait."""
        return await asyncio.to_thread(lambda: losses(read_run(run)))

    def describe(self, proposal: Proposal) -> list[str]:
        """Guards that refuse first, since there it ends; then what is touched, and the steps."""
        lines = [
            f"REFUSED by {g.guard}: {clean(', '.join(g.outcome.evidence))}"
            for g in proposal.guards
            if g.outcome.word != "passed"
        ]
        lines += [*touched_lines(proposal.plan), ""]
        lines += [f"guard {g.guard}: {g.outcome.word.value}" for g in proposal.guards]
        lines += ["", *(f"{s.id:<14} {clean(s.expectation)}" for s in proposal.plan.steps)]
        region = proposal.plan.parameters["region"]
        return [*lines, "", f"CLI: infctl drill failover --region {region}"]

    async def close(self) -> None:
        """Give back connections."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._standing.stop()
        await self._world.close()
