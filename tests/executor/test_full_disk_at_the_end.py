"""B5: what a full disk takes of a run's end is told to the clusters all the same."""

from pathlib import Path

import pytest
from stricken import Stricken, stricken

from infctl.engine.copies import find_copy
from infctl.engine.journal import spill_path
from infctl.engine.journal.disk import Disk
from infctl.errors import JournalError
from infctl.executor.watch import read_run
from infctl.model.journal import Kind, Record
from infctl.model.run import RunState


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stricken:
    monkeypatch.setenv("INFCTL_SPILL", str(tmp_path / "spill"))
    return await stricken(monkeypatch, tmp_path)


async def test_b5_an_end_that_had_to_go_elsewhere_reaches_the_copies(
    place: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = Disk.insert

    def full(disk: Disk, record: Record) -> None:
        if record.kind == Kind.HEAD:
            raise JournalError("no space left on device")
        insert(disk, record)

    monkeypatch.setattr(Disk, "insert", full)
    run = place.launch((await place.propose()).plan)
    with pytest.raises(JournalError, match="no space left"):
        await place.carry(run)
    spilled = spill_path(run)
    assert spilled is not None
    assert spilled.exists()
    assert read_run(run).state is RunState.COMPLETED
    assert (await find_copy(place.ports, run)).view.state is RunState.COMPLETED
