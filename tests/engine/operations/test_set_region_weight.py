"""A record's weight is changed only where the record is still the one that was read."""

from dataclasses import replace
from typing import Any

import pytest
from one_run import OneRun, one_run
from subjects import HOST, REGION, ZONE, build, operation

from infctl.fakes.names import FakeNames
from infctl.model.run import RunState
from infctl.ports.cloud import Record


async def _run() -> OneRun:
    return one_run(operation("set_region_weight"), fakes=await build())


async def _record(run: OneRun) -> Record:
    state = await run.fakes.names.read(ZONE)
    return next(r for r in state.records if (r.set_identifier, r.name) == (REGION, HOST))


async def test_a_change_between_look_and_write_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await _run()
    theirs = replace(await _record(run), ttl=7)
    real = FakeNames.replace_record

    async def late(names: Any, zone_id: str, *records: Record) -> None:
        await names.upsert_record(zone_id, theirs)
        await real(names, zone_id, *records)

    monkeypatch.setattr(FakeNames, "replace_record", late)
    assert (await run.carry())[0] is RunState.FAILED
    assert run.step().conflict
    assert await _record(run) == theirs


async def test_a_change_that_the_sdk_sent_twice_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await _run()
    real = FakeNames.replace_record

    async def twice(names: Any, zone_id: str, *records: Record) -> None:
        await real(names, zone_id, *records)
        await real(names, zone_id, *records)

    monkeypatch.setattr(FakeNames, "replace_record", twice)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    assert (await _record(run)).weight == run.first.args["weight"]
