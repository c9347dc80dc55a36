"""Whoever asks may be cancelled at any moment: no coroutine is then left that nobody awaited."""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from infctl.executor.doctor import examine
from infctl.executor.facts import read_facts
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.question import Question
from infctl.platform import load

ROOT = Path(__file__).parents[2]
PLATFORM = load(ROOT / "platform.yaml", None, environment="lab")
Asking = Callable[[FakeWorld, Path], Awaitable[object]]
ASKING: dict[str, Asking] = {
    "facts": lambda fake, _: read_facts(fake.world(), PLATFORM),
    "doctor": lambda fake, folder: examine(fake.world(), PLATFORM, folder),
}


@pytest.mark.parametrize("name", ASKING)
def test_cancelled_at_any_moment_it_leaves_no_coroutine_that_was_never_awaited(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", RuntimeWarning)
        moment = 0
        while not asyncio.run(_cancelled_after(moment, ASKING[name], tmp_path)):
            moment += 1
        gc.collect()
    assert moment > 5
    assert [str(w.message) for w in said] == []


async def _cancelled_after(turns: int, asking: Asking, folder: Path) -> bool:
    """Whether it was done by then: the loop turned so often."""
    task = asyncio.ensure_future(asking(fake_world(list(PLATFORM.region_names)), folder))
    for _ in range(turns):
        await asyncio.sleep(0)
    was_done = task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return was_done


async def test_a_question_is_asked_once_it_is_awaited() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 7

    assert await Question(answer()) == 7
    assert sum(await asyncio.gather(Question(answer()), Question(answer()))) == 14
    running = asyncio.ensure_future(Question(answer()))
    gc.collect()
    assert await running == 7
