"""An environment in memory of which parts can be down, and whole runs in it, in fast time."""

import asyncio
import functools
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from healthy_world import ROOT, healthy_world

from infctl.content.facts import Facts
from infctl.engine.decisions import Decision
from infctl.engine.locks import EnvironmentLock
from infctl.executor import exclusive
from infctl.executor.execution import execute
from infctl.executor.folders import find_folder, make_folder, new_run_id
from infctl.executor.order import Order, read_order, write_order
from infctl.executor.proposing import propose
from infctl.executor.watch import read_run
from infctl.fakes.clock import FakeClock
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.plan import Plan
from infctl.model.proposal import Proposal
from infctl.model.run import RunView, StepState
from infctl.platform import Platform, load
from infctl.ports.world import World
from infctl.runbooks import failover

REGION, OTHER = "eu-west-1", "us-east-1"
ENVIRONMENT = "fake"
SPEED = 20.0


@dataclass
class FastClock(FakeClock):
    """Time that passes by itself, twenty times as fast."""

    born: float = field(default_factory=time.monotonic)

    def boottime(self) -> float:
        self.now = 1000.0 + (time.monotonic() - self.born) * SPEED
        return self.now

    def wall(self) -> float:
        self.boottime()
        return super().wall()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / SPEED)


@dataclass
class Stricken:
    """The environment; `acted` is when, by the host's clock, a switch was first written."""

    fake: FakeWorld
    platform: Platform
    acted: list[float] = field(default_factory=list)
    ports: World = field(init=False)

    def __post_init__(self) -> None:
        for store in self.fake.stores.values():
            store.put = self._seen(store.put)  # type: ignore[assignment,method-assign]
        self.ports = self.fake.world(ENVIRONMENT)

    def _seen(self, put: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(put)
        def seen(bucket: str, key: str, body: bytes) -> object:
            self.acted.append(time.monotonic())
            return put(bucket, key, body)

        return seen

    async def propose(self, make: Callable[[Facts], Plan] | None = None) -> Proposal:
        """A failover of REGION, as the command proposes it."""
        return await propose(
            self.ports, self.platform, make or (lambda facts: failover.plan(facts, REGION, "test"))
        )

    def launch(self, plan: Plan, overridden: tuple[str, ...] = ()) -> str:
        """The folder of a run; who carries it out is `carry`."""
        run = new_run_id()
        path = ROOT / "platform.yaml"
        order = Order(run, plan, path, ENVIRONMENT, "tester", overridden=overridden)
        write_order(make_folder(run), order)
        return run

    async def carry(self, run: str, first: Decision | None = None) -> int:
        """One executor's life."""
        folder = find_folder(run)
        order = read_order(folder)
        return await execute(folder, order, lambda *_: self.ports, self.fake.clock, first)

    async def carry_until(self, run: str, is_there: Callable[[RunView], bool]) -> None:
        """An executor that is gone as soon as the run is where it should be."""
        carrying = asyncio.create_task(self.carry(run))
        deadline = time.monotonic() + 30.0
        while not is_there(view_of(run)) and not carrying.done():
            assert time.monotonic() < deadline, view_of(run)
            await asyncio.sleep(0.02)
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying


def view_of(run: str) -> RunView:
    """The run as its journal tells it; nothing yet where it has none."""
    return read_run(run) if (find_folder(run) / "journal.db").exists() else RunView()


def has_switched(view: RunView) -> bool:
    """Whether the switch is set and its effect is waited for."""
    return bool(view.steps) and view.step("switch-off").state is StepState.DONE


async def stricken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stricken:
    """A healthy environment in fast time, whose zone was read once."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    lock = functools.partial(EnvironmentLock, duration=15.0 * SPEED, renew_deadline=10.0 * SPEED)
    monkeypatch.setattr(exclusive, "EnvironmentLock", lock)
    fake = await healthy_world(monkeypatch, tmp_path / "infctl", FastClock())
    # An API server that is down takes no gateway with it; a whole region does.
    serves = {name: store.endpoint for name, store in fake.stores.items()}
    monkeypatch.setattr(fake, "is_serving", lambda n: serves[n].mood is Mood.ANSWERING)
    platform = load(ROOT / "platform.yaml", environment=ENVIRONMENT)
    place = Stricken(fake, platform)
    zone = platform.service.zone
    await place.fake.known.keep(zone, await place.fake.names.read(zone))
    return place


def route53(fake: FakeWorld, mood: Mood) -> None:
    """Its control plane; what the checkers say is a data plane."""
    fake.names.endpoint.mood = mood


def route53_whole(fake: FakeWorld, mood: Mood) -> None:
    """Neither its control plane nor the checkers' words."""
    fake.names.endpoint.mood = fake.names.checkers.mood = mood


def all_metrics(fake: FakeWorld, mood: Mood) -> None:
    """The Prometheus of every region."""
    for metrics in fake.metrics.values():
        metrics.endpoint.mood = mood


def own_metrics(fake: FakeWorld, mood: Mood) -> None:
    """The Prometheus of the region that is left."""
    fake.metrics[REGION].endpoint.mood = mood


def other_api(fake: FakeWorld, mood: Mood) -> None:
    """The API server of a region that takes over."""
    fake.clusters[OTHER].endpoint.mood = mood


def own_api(fake: FakeWorld, mood: Mood) -> None:
    """The API server of the region that is left."""
    fake.clusters[REGION].endpoint.mood = mood


def all_apis(fake: FakeWorld, mood: Mood) -> None:
    """Every API server."""
    for cluster in fake.clusters.values():
        cluster.endpoint.mood = mood


def resolver(fake: FakeWorld, mood: Mood) -> None:
    """The platform's name servers."""
    fake.resolver.endpoint.mood = mood


def own_region(fake: FakeWorld, mood: Mood) -> None:
    """Everything of the region that is left."""
    fake.silence(REGION, mood)
