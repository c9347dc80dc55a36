"""A watch outlives its API server: it is there again when the server is, and misses nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cluster_subjects import real_subject
from real_control_plane import run_control_plane

from infctl.errors import Unreachable
from infctl.ports.cluster import CONFIG_MAP, Event

SECONDS = 60.0


@pytest.mark.control_plane
async def test_a_watch_goes_on_after_its_server_was_away(tmp_path: Path) -> None:
    with run_control_plane(tmp_path) as plane:
        subject = real_subject(plane, "default")
        cluster = subject.cluster
        await cluster.apply(subject.config("before"))
        seen: list[Event] = []
        watching = asyncio.create_task(_collect(cluster.watch(CONFIG_MAP, "default"), seen))
        await _until(lambda: "before" in _names(seen))
        await asyncio.to_thread(plane.stop)
        with pytest.raises(Unreachable, match=plane.region.name):
            await cluster.version()
        await asyncio.to_thread(plane.start)
        await _until_it_answers(cluster.version)
        await cluster.apply(subject.config("after"))
        await _until(lambda: "after" in _names(seen))
        watching.cancel()
        await cluster.close()
    lists = [event for event in seen if event.type == "LISTED"]
    assert len(lists) == 2
    assert "before" in _names(lists[1:])


async def _collect(events: AsyncIterator[Event], seen: list[Event]) -> None:
    async for event in events:
        seen.append(event)  # noqa: PERF401 - others look at it meanwhile


async def _until(state: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not state():  # noqa: ASYNC110 - the state is a list that others fill
            await asyncio.sleep(0.05)


async def _until_it_answers(ask: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await ask()
            except Unreachable:
                await asyncio.sleep(0.1)
            else:
                return


def _names(events: list[Event]) -> set[str]:
    found = [o for e in events for o in e.object.get("items", [e.object])]
    return {item["metadata"]["name"] for item in found}
