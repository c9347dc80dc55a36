"""How an agent is told of lost nodes, and which of several faults on a node counts."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from infctl.lab.agent import losses
from infctl.lab.supervisor.nodes import _by_region


@pytest.mark.parametrize("text", [None, "", "{", "[]", "7", "null", '"kill"'])
def test_a_file_that_is_missing_or_torn_holds_no_losses(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "lost-nodes.json"
    if text is not None:
        path.write_text(text)
    assert losses.read(path) == {}


def test_what_was_written_is_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "region" / "lost-nodes.json"
    losses.write(path, {"a": "kill"})
    losses.write(path, {"b": "freeze"})
    assert losses.read(path) == {"b": "freeze"}
    assert [p.name for p in path.parent.iterdir()] == ["lost-nodes.json"]


async def test_each_change_is_handed_on_once(tmp_path: Path) -> None:
    path, seen = tmp_path / "lost-nodes.json", asyncio.Queue[losses.Losses]()
    losses.write(path, {"a": "kill"})
    following = asyncio.create_task(losses.follow(path, seen.put))
    try:
        async with asyncio.timeout(5):
            assert await seen.get() == {"a": "kill"}
            losses.write(path, {"a": "kill"})
            losses.write(path, {})
            assert await seen.get() == {}
    finally:
        following.cancel()
    assert seen.empty()


@dataclass(frozen=True)
class Fault:
    kind: str
    target: str


@pytest.mark.parametrize(
    ("faults", "lost"),
    [
        ([], {}),
        ([Fault("kill", "region/east"), Fault("freeze", "part/agent-east")], {}),
        ([Fault("freeze", "node/east/n1")], {"east": {"n1": "freeze"}}),
        (
            [Fault("freeze", "node/east/n1"), Fault("kill", "node/east/n1")],
            {"east": {"n1": "kill"}},
        ),
        (
            [Fault("kill", "node/east/n1"), Fault("freeze", "node/east/n1")],
            {"east": {"n1": "kill"}},
        ),
        (
            [Fault("kill", "node/east/n1"), Fault("freeze", "node/west/n1")],
            {"east": {"n1": "kill"}, "west": {"n1": "freeze"}},
        ),
    ],
)
def test_of_the_faults_on_a_node_a_kill_counts(
    faults: list[Fault], lost: dict[str, dict[str, str]]
) -> None:
    assert _by_region(faults) == lost
