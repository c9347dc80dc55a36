"""What works when X is down: the engine's columns of the table, cell by cell."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from stricken import (
    OTHER,
    REGION,
    Stricken,
    all_apis,
    all_metrics,
    has_switched,
    other_api,
    own_api,
    own_metrics,
    own_region,
    resolver,
    route53,
    stricken,
    view_of,
)

from infctl.engine.copies import find_copy
from infctl.engine.decisions import Decision, Verb
from infctl.errors import Exit, Unreachable
from infctl.executor.remote import take_over
from infctl.executor.watch import list_runs
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import FakeWorld
from infctl.model.run import PAUSED, RunState, StepState
from infctl.observe.snapshot import Target, observe
from infctl.runbooks import restore


@dataclass(frozen=True)
class Row:
    """One thing that is down. `needs` are the overrides of a failover, `unread` what is not known.

    `proves` is whether the run can see its own effect, `is_copied` whether a colleague finds it,
    `waits` the step at which a restore stops.
    """

    strike: Callable[[FakeWorld, Mood], None]
    needs: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    proves: bool = True
    is_copied: bool = True
    waits: str = ""


ROWS = {
    "Prometheus of all": Row(
        all_metrics, frozenset({"capacity"}), frozenset({"requests_per_second", "p99"})
    ),
    "its Prometheus": Row(own_metrics, unread=frozenset({"requests_per_second"})),
    "its kube API": Row(
        own_api, unread=frozenset({"replicas", "generation"}), waits="region-ready"
    ),
    "another kube API": Row(other_api, frozenset({"capacity"})),
    "all kube APIs": Row(
        all_apis,
        frozenset({"capacity", "lock", "freeze", "conflicting_run"}),
        frozenset({"replicas"}),
        is_copied=False,
    ),
    "Route 53 control plane": Row(route53, unread=frozenset({"weight"})),
    "DNS resolver": Row(resolver, proves=False, waits="in-answers"),
    "one region": Row(
        own_region, unread=frozenset({"replicas", "store", "p99"}), waits="region-ready"
    ),
}


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stricken:
    return await stricken(monkeypatch, tmp_path)


@pytest.fixture(params=list(ROWS))
def row(request: pytest.FixtureRequest, place: Stricken) -> Row:
    found = ROWS[request.param]
    found.strike(place.fake, Mood.SILENT)
    return found


async def _launch(place: Stricken, row: Row) -> str:
    proposal = await place.propose()
    return place.launch(proposal.plan, tuple(sorted(row.needs)))


async def test_the_fleet_is_read_and_what_is_missing_is_named(place: Stricken, row: Row) -> None:
    service = place.platform.service
    target = Target(service.name, service.host, service.zone, place.platform.region_names)
    snapshot = await observe(place.ports, target, deadline=1.0)
    sources = {r.name: r.sources() for r in snapshot.regions}
    gone = {name for name, measured in sources[REGION].items() if not measured.known}
    assert row.unread <= gone
    assert all(sources[REGION][name].reason for name in gone)
    assert all(found["dns_healthy"].value is not None for found in sources.values())


async def test_a_failover_needs_no_more_than_the_named_overrides(place: Stricken, row: Row) -> None:
    proposal = await place.propose()
    refusing = {g.guard for g in proposal.guards if g.outcome.word != "passed"}
    assert refusing == row.needs - {"lock"}
    run = place.launch(proposal.plan, tuple(sorted(row.needs)))
    if row.proves:
        code = await place.carry(run)
        view = view_of(run)
        assert (code, view.state) == (Exit.DONE, RunState.COMPLETED), (view.reason, view.notes)
        return
    await place.carry_until(run, lambda view: view.state in PAUSED)
    view = view_of(run)
    assert view.step("switch-off").state is StepState.DONE, "traffic has left all the same"
    assert view.step("verify").state is StepState.FAILED
    code = await place.carry(run, Decision(Verb.UNGRACEFUL, by="ada", reason="dig says so"))
    assert (code, view_of(run).state) == (
        Exit.MEASURED_BAD,
        RunState.COMPLETED_WITH_EXCEPTIONS,
    )


@pytest.mark.parametrize("lacking", ["capacity", "lock"])
async def test_without_its_overrides_a_failover_is_refused(
    place: Stricken, row: Row, lacking: str
) -> None:
    if lacking not in row.needs:
        return
    proposal = await place.propose()
    run = place.launch(proposal.plan, tuple(sorted(row.needs - {lacking})))
    assert await place.carry(run) in (Exit.REFUSED, Exit.FAILED, Exit.UNDECIDED)
    assert not place.acted


async def test_a_failover_is_taken_back(place: Stricken, row: Row) -> None:
    run = await _launch(place, row)
    await place.carry_until(run, has_switched)
    code = await place.carry(run, Decision(Verb.UNDO, by="ada"))
    assert (code, view_of(run).state) == (Exit.FAILED, RunState.ROLLED_BACK)
    held = [key for s in place.fake.stores.values() for b in s.content.values() for key in b]
    assert f"off/{REGION}" not in held


async def test_a_region_comes_back_only_where_it_is_seen_to_be_well(
    place: Stricken, row: Row
) -> None:
    for keeper in (OTHER, "ap-south-1"):
        store = place.fake.stores[keeper]
        await store.put(f"vision-switches-{keeper}", f"off/{REGION}", b"{}")
    proposal = await place.propose(lambda facts: restore.plan(facts, REGION, "test"))
    assert proposal.is_refused is not row.is_copied, proposal.guards
    unheard = ("freeze", "conflicting_run") if proposal.is_refused else ()
    run = place.launch(proposal.plan, unheard)
    if proposal.is_refused:
        assert await place.carry(run) == Exit.UNDECIDED, "no majority of the lock's places"
        return
    if not row.waits:
        code = await place.carry(run)
        assert (code, view_of(run).state) == (Exit.DONE, RunState.COMPLETED)
        return
    await place.carry_until(run, lambda view: view.state in PAUSED)
    assert view_of(run).step(row.waits).state is StepState.FAILED


async def test_a_colleague_carries_it_on(
    place: Stricken, row: Row, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = await _launch(place, row)
    await place.carry_until(run, has_switched)
    if not row.is_copied:
        with pytest.raises(Unreachable, match="no cluster answers"):
            await find_copy(place.ports, run)
        return
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_STATE_HOME", str(elsewhere))
    copy = await find_copy(place.ports, run)
    await asyncio.to_thread(take_over, copy, place.platform)
    assert view_of(run).step("switch-off").intent, "an act without intent in a cluster"
    if row.proves:
        assert await place.carry(run) == Exit.DONE


async def test_runs_are_listed_and_shown_from_this_machine_alone(place: Stricken, row: Row) -> None:
    run = await _launch(place, row)
    await place.carry_until(run, has_switched)
    all_apis(place.fake, Mood.HANGING)
    assert [view.run for view in await asyncio.to_thread(list_runs)] == [run]
    assert view_of(run).step("switch-off").state is StepState.DONE
