"""A run meets a word of its own machine that was lifted from another one."""

from pathlib import Path

import pytest
from stricken import Stricken, has_switched, stricken, view_of

from infctl.engine.locks import Freeze, write_freeze
from infctl.executor.freezing import freeze_here
from infctl.model.run import RunState

WORD = Freeze("wrong region", "bob@vm", 9000.0)
LIFT = Freeze("lifted", "alice@desk", 10.0, lifted=True)


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stricken:
    return await stricken(monkeypatch, tmp_path)


@pytest.mark.parametrize("is_lifted", [True, False])
async def test_a_run_begins_where_this_machines_word_was_lifted_elsewhere(
    place: Stricken, is_lifted: bool
) -> None:
    plan = (await place.propose()).plan
    freeze_here(WORD)
    await write_freeze(place.ports, WORD)
    if is_lifted:
        await write_freeze(place.ports, LIFT)
    run = place.launch(plan)
    await place.carry_until(run, lambda view: has_switched(view) or view.over)
    assert has_switched(view_of(run)) is is_lifted, view_of(run).reason
    if not is_lifted:
        assert view_of(run).state is not RunState.COMPLETED
        assert "frozen by bob@vm" in view_of(run).reason
