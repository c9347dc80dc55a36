"""B9 over the network: a proxy before a real API server loses requests and replies of a real run.

The server's audit log is the witness of what was done, and how often.
"""

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from audit_log import Write, writes
from fence_policies import fenced_plane, granted
from losing_proxy import LosingProxy, Loss, losing_proxy
from real_control_plane import ControlPlane
from twelve_writes import EFFECTS, WRITES, Twelve, taken_back, wanted

import infctl.clients.kubernetes_api
from infctl.clients.clock import SystemClock
from infctl.clients.cluster import KubernetesCluster
from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.fencing import FencedCluster, fenced
from infctl.engine.handler import Context
from infctl.engine.journal import FileJournal
from infctl.engine.machine import Machine
from infctl.engine.operations.set_flag import FILE
from infctl.engine.operations.set_flag import NAME as FLAGS
from infctl.fakes.world import fake_world
from infctl.lab.cluster import Cluster
from infctl.model import fence
from infctl.model.journal import Kind
from infctl.model.run import PAUSED, RunState, RunView, StepState

pytestmark = pytest.mark.control_plane
IS_WHOLE = bool(os.environ.get("INFCTL_WHOLE"))
AGENT = "infctl"


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    with fenced_plane(control_plane):
        yield control_plane


@dataclass
class Lossy:
    """Runs of twelve steps over a way that loses what a test wants lost."""

    plane: ControlPlane
    namespace: str
    folder: Path
    proxy: LosingProxy
    kubeconfig: Path
    others: Cluster
    runs: int = 0

    async def begin(self, timeout: float = 10.0) -> "Run":
        """A run that has not begun yet, with objects of its own."""
        self.runs += 1
        twelve = Twelve(self.plane, self.namespace, self.runs, self.others)
        await twelve.prepare()
        self.proxy.applied = twelve.follow
        folder = self.folder / str(self.runs)
        folder.mkdir(mode=0o700)
        return Run(self, twelve, f"01lossy{self.runs}", folder, timeout, len(self.audit()))

    async def carry(self, losses: dict[int, Loss]) -> "Run":
        """One run from its beginning to its end or its pause."""
        found = await self.begin()
        await found.live(losses)
        return found

    def audit(self) -> list[Write]:
        """What the server took of infctl, in its order."""
        plane = self.plane
        return writes(plane.lab, plane.region, namespace=self.namespace, agent=AGENT)


@dataclass
class Run:
    """One run, and what became of it; `audited` counts what the server took before it."""

    lossy: Lossy
    twelve: Twelve
    id: str
    folder: Path
    timeout: float
    audited: int
    state: RunState = RunState.PENDING
    reason: str = ""
    view: RunView = field(default_factory=RunView)

    async def live(self, losses: dict[int, Loss], *asked: Verb, silent: bool = False) -> None:
        """One executor's life; a run that pauses is left as by an executor that ends."""
        plane = self.lossy.plane
        region = plane.region.name
        self.lossy.proxy.lose({})
        cluster = KubernetesCluster(region, self.lossy.kubeconfig, "one")
        number = await granted(cluster)
        clusters = fenced({region: cluster}, number, self.id, SystemClock(), lambda _: None)
        # Before its first step, so that the numbers of writes are those of the plan.
        await cast("FencedCluster", clusters[region]).settle()
        self.lossy.proxy.lose(losses, silent=silent)
        try:
            await self._carry({region: clusters[region]}, number, asked)
        finally:
            await cluster.close()

    async def _carry(self, clusters: Any, number: int, asked: tuple[Verb, ...]) -> None:
        plan, clock = self.twelve.plan(self.timeout), SystemClock()
        journal = FileJournal(
            self.folder, run=self.id, plan_digest=plan.digest, actor="a", clock=clock, fence=number
        )
        if not journal.records():
            journal.append(Kind.PLAN, args=plan.to_json())
        journal.append(Kind.LEASE, args={"pid": 1})
        world = replace(fake_world(clusters).world(), clusters=clusters, clock=clock)
        decisions = Decisions()
        for verb in asked:
            decisions.put(Decision(verb, by="somebody"))
        context = Context(world, self.folder, self.id, "a", journal.view)
        try:
            await self._until_it_rests(Machine(plan, journal, context, decisions))
        finally:
            journal.close()

    async def _until_it_rests(self, machine: Machine) -> None:
        running = asyncio.create_task(machine.run())
        while not running.done() and machine.view().state not in PAUSED:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.view = machine.view()
        self.state, self.reason = self.view.state, self.view.reason
        if running.done():
            self.state, self.reason = running.result()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def effects(self) -> list[Write]:
        """What the server took of this run, without the marks that come before deletions."""
        async with asyncio.timeout(10):
            # A reply may be read before its line is in the log.
            while len(found := self._effects()) < len(EFFECTS):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    def _effects(self) -> list[Write]:
        return [w for w in self.lossy.audit()[self.audited :] if not _is_mark(w)]


def _is_mark(write: Write) -> bool:
    annotations = (write.body.get("metadata") or {}).get("annotations") or {}
    return fence.DELETING in annotations


@asynccontextmanager
async def _connected(plane: ControlPlane, namespace: str, folder: Path) -> AsyncIterator[Lossy]:
    async with losing_proxy(plane) as (proxy, address), plane.cluster() as others:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "one",
                    "cluster": {"server": address, "certificate-authority": str(plane.ca)},
                }
            ],
            "users": [{"name": "one", "user": {"token": plane.token("operator")}}],
            "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        }
        path = folder / "kubeconfig"
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        flags = {"metadata": {"name": FLAGS}, "data": {FILE: '{"flags": {}}'}}
        await others.create(f"/api/v1/namespaces/{namespace}/configmaps", flags)
        yield Lossy(plane, namespace, folder, proxy, path, others)


@pytest.fixture
async def lossy(plane: ControlPlane, namespace: str, tmp_path: Path) -> AsyncIterator[Lossy]:
    async with _connected(plane, namespace, tmp_path) as found:
        yield found


async def _require_done_once(run: Run) -> None:
    assert (run.state, run.reason) == (RunState.COMPLETED, "")
    assert await run.twelve.picture() == wanted(run.id)
    effects = await run.effects()
    assert [(w.verb, w.resource) for w in effects] == [(v, r) for v, r, _ in EFFECTS]
    assert all(w.name.startswith(n) for w, (*_, n) in zip(effects, EFFECTS, strict=True))


def _each_once(*losses: Loss) -> dict[int, Loss]:
    """The first attempt at every write is lost, by the numbers under which they pass.

    What never arrived is sent again, a deletion with its mark; of what was applied, marks alone are
    sent again, which change nothing.
    """
    applied = (*range(1, 12), 13, 14, 16)
    numbers = (*range(1, 22, 2), 23, 26, 28) if Loss.BEFORE in losses else applied
    return dict(zip(numbers, itertools.cycle(losses), strict=False))


@pytest.mark.parametrize("losses", [(Loss.BEFORE,), (Loss.AFTER,), (Loss.HALF, Loss.BUSY)])
async def test_b9_where_each_write_is_lost_once_each_effect_is_there_once(
    lossy: Lossy, losses: tuple[Loss, ...]
) -> None:
    run = await lossy.carry(_each_once(*losses))
    await _require_done_once(run)
    assert len(lossy.proxy.lost) == WRITES


@pytest.mark.timeout(600)
@pytest.mark.skipif(not IS_WHOLE, reason="each loss in a run of its own: INFCTL_WHOLE=1")
@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.AFTER, Loss.HALF, Loss.BUSY])
async def test_b9_a_single_write_that_is_lost_is_done_once(lossy: Lossy, loss: Loss) -> None:
    for number in range(1, WRITES + 1):
        run = await lossy.carry({number: loss})
        await _require_done_once(run)
        assert len(lossy.proxy.lost) == 1


async def test_b9_a_reply_after_the_deadline_of_the_client_is_read_back(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infctl.clients.kubernetes_api, "READ_SECONDS", 1.5)
    losses = _each_once(Loss.LATE) if IS_WHOLE else {12: Loss.LATE}
    run = await lossy.carry(losses)
    await _require_done_once(run)
    assert len(lossy.proxy.lost) == len(losses)


@pytest.mark.parametrize("number", range(1, WRITES + 1) if IS_WHOLE else [12])
async def test_b9_where_nobody_answers_any_more_the_run_pauses_and_says_so(
    lossy: Lossy, number: int
) -> None:
    run = await lossy.begin(timeout=3.0)
    await run.live({number: Loss.AFTER}, silent=True)
    assert run.state is RunState.PAUSED_BY_CONFLICT
    (seen,) = (s for s in run.view.steps if s.state is StepState.UNKNOWN)
    assert "does not answer" in " ".join(seen.evidence)
    await run.live({})
    await _require_done_once(run)


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.AFTER] if IS_WHOLE else [Loss.AFTER])
async def test_b9_an_undo_whose_writes_are_lost_takes_back_exactly(
    lossy: Lossy, loss: Loss
) -> None:
    run = await lossy.carry({})
    await _require_done_once(run)
    assert len(lossy.proxy.written) == WRITES
    # What makes anew, what takes away, and a mark; of the whole, every second.
    numbers = range(1, 26, 2) if IS_WHOLE else (1, 9, 11)
    await run.live(dict.fromkeys(numbers, loss), Verb.UNDO)
    assert len(lossy.proxy.lost) >= 3
    assert run.state is RunState.ROLLED_BACK, run.reason
    assert await run.twelve.picture() == taken_back(run.id)
