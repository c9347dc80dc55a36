"""The whole way of an approval: asked by the run, decided by somebody else, counted by the run."""

import asyncio
from typing import Any

import pytest
from one_run import RUN, OneRun, make_namespaces, one_run

from infctl.engine.ballots import choose, decide, find_ballots
from infctl.errors import Refused, UsageError
from infctl.fakes.world import fake_world
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cluster import CONFIG_MAP

REGIONS = ["us-east-1", "eu-west-1", "ap-south-1"]


def approve(**changes: Any) -> Operation:
    args = {"regions": REGIONS, "needed": 1, "text": "move traffic", "expires": 900, **changes}
    return Operation("approve", args)


async def asked(run: OneRun) -> "asyncio.Task[tuple[RunState, str]]":
    """Start it, and wait until its request is there."""
    await make_namespaces(run.fakes)
    running = asyncio.create_task(run.carry())
    await run.until(running, lambda: bool(run.step().result))
    assert run.records.view().state is RunState.WAITING_FOR_APPROVAL
    return running


def log_in(run: OneRun, name: str, *regions: str) -> None:
    for region in regions or REGIONS:
        run.fakes.clusters[region].username = name


async def vote(run: OneRun, *, deny: bool = False, only: str = "") -> None:
    """As whoever is logged in now; the executor stays who it was."""
    world = run.fakes.world()
    ballots, _ = await find_ballots(world)
    ballot = choose(ballots, RUN[:4], "", run.fakes.clock.wall())
    if only:
        ballot = type(ballot)(
            **{
                **{f: getattr(ballot, f) for f in ballot.__dataclass_fields__},
                "regions": {only: ballot.regions[only]},
            }
        )
    await decide(world, ballot, is_deny=deny, reason="because")


async def test_somebody_elses_approval_lets_the_run_go_on() -> None:
    run = one_run(approve(), timeout=3600)
    running = await asked(run)
    log_in(run, "eve")
    await vote(run)
    log_in(run, "tester")
    assert await running == (RunState.COMPLETED, "")
    assert run.step().evidence[0] == "approved by eve"


async def test_whoever_asks_cannot_approve_and_the_request_expires() -> None:
    run = one_run(approve(), timeout=3600)
    running = await asked(run)
    await vote(run)
    assert (await running)[0] is RunState.FAILED
    assert "expired after 900 s with 0 of 1 approvals" in run.step().evidence[0]
    assert "tester does not count: who asks cannot approve" in run.step().evidence[0]
    assert run.fakes.clock.now < 1000 + 910


async def test_a_denial_ends_it_at_once_also_after_an_approval_of_the_same_person() -> None:
    run = one_run(approve(needed=2), timeout=3600)
    running = await asked(run)
    log_in(run, "eve")
    await vote(run)
    await vote(run)
    await vote(run, deny=True)
    log_in(run, "tester")
    assert (await running)[0] is RunState.FAILED
    assert "denied by eve: because" in run.step().evidence[0]
    assert run.fakes.clock.now < 1900


async def test_a_region_that_does_not_answer_keeps_nobody_waiting() -> None:
    run = one_run(approve(), timeout=3600)
    run.fakes.silence("us-east-1")
    for region in REGIONS[1:]:
        await run.fakes.clusters[region].apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "infctl-system"}}
        )
    running = asyncio.create_task(run.carry())
    await run.until(running, lambda: bool(run.step().result))
    log_in(run, "eve")
    await vote(run)
    log_in(run, "tester")
    assert (await running)[0] is RunState.COMPLETED


async def test_each_region_can_need_its_own_approvals() -> None:
    run = one_run(approve(each_region=True, regions=REGIONS[:2]), timeout=3600)
    running = await asked(run)
    log_in(run, "eve")
    await vote(run, only=REGIONS[0])
    log_in(run, "tester")
    for _ in range(200):
        await asyncio.sleep(0)
    assert not running.done()
    log_in(run, "eve")
    await vote(run, only=REGIONS[1])
    log_in(run, "tester")
    assert (await running)[0] is RunState.COMPLETED


async def test_when_no_region_answers_nothing_passes() -> None:
    run = one_run(approve(), timeout=30)
    for region in REGIONS:
        run.fakes.silence(region)
    assert (await run.carry())[0] is RunState.FAILED


async def test_another_executor_of_the_run_asks_no_second_time() -> None:
    run = one_run(approve(), timeout=3600)
    running = await asked(run)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    log_in(run, "eve")
    await vote(run)
    log_in(run, "tester")
    assert (await run.carry())[0] is RunState.COMPLETED
    held = await run.fakes.clusters[REGIONS[0]].list(CONFIG_MAP, "infctl-system")
    assert len(held) == 2


async def test_a_plan_that_is_not_what_its_digest_names_can_only_be_denied() -> None:
    run = one_run(approve(), timeout=3600)
    running = await asked(run)
    for region in REGIONS:
        cluster = run.fakes.clusters[region]
        found = (await cluster.list(CONFIG_MAP, "infctl-system"))[0]
        document = found["data"]["document"].replace("move traffic", "move coffee")
        await cluster.merge(
            CONFIG_MAP, found["metadata"]["name"], "infctl-system", {"data": {"document": document}}
        )
    log_in(run, "eve")
    with pytest.raises(Refused, match="is not the one that would run"):
        await vote(run)
    await vote(run, deny=True)
    log_in(run, "tester")
    assert (await running)[0] is RunState.FAILED


@pytest.mark.parametrize("run", ["", "x", "01k8run\n", "../.."])
async def test_a_run_that_asks_nothing_cannot_be_decided(run: str) -> None:
    with pytest.raises(UsageError):
        choose([], run, "", 0.0)


async def test_more_approvals_than_persons_are_refused_before_anything_runs() -> None:
    with pytest.raises(Refused, match="2 approvals are needed, and 1 persons"):
        one_run(approve(needed=2, people={"eve": "eve", "eve-admin": "eve"}), fakes=fake_world())
