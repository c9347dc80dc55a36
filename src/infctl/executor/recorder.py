"""Records what a drill is judged by: checkers' words, answers, and how busy this machine is.

Each goes into a file of JSON lines in the run's folder, so that a killed executor loses nothing.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TextIO

from infctl.errors import InfctlError
from infctl.executor.host import read_cpu
from infctl.model.health_check import leaves
from infctl.ports.world import World

OBSERVATIONS = "observations.jsonl"
ANSWERS = "answers.jsonl"
HOST = "host.jsonl"
CHECKS = "checks.json"
_DEADLINE = 2.0
_log = logging.getLogger(__name__)

Write = Callable[[dict[str, Any]], None]


@contextlib.asynccontextmanager
async def record(
    folder: Path, world: World, *, zone: str, host: str, check: str
) -> AsyncIterator[None]:
    """Record while the block runs. `check` names the region's calculated health check."""
    async with contextlib.AsyncExitStack() as stack:
        writers = [stack.enter_context(_lines(folder / n)) for n in (OBSERVATIONS, ANSWERS, HOST)]
        tasks = (
            asyncio.create_task(_observations(folder, world, zone, check, writers[0])),
            asyncio.create_task(_every(0.5, lambda: _answer(world, host, writers[1]))),
            asyncio.create_task(_host(writers[2])),
        )
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _lines(path: Path):  # type: ignore[no-untyped-def]
    file: TextIO
    with path.open("a", buffering=1) as file:
        path.chmod(0o600)
        yield lambda row: file.write(json.dumps(row) + "\n")


async def _every(seconds: float, question: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await asyncio.wait_for(question(), _DEADLINE)
        except (InfctlError, TimeoutError) as error:
            _log.warning("not recorded: %s", error or "no answer in time")
        await asyncio.sleep(seconds)


async def _answer(world: World, host: str, write: Write) -> None:
    answer = await world.resolver.resolve(host)
    write({"at": answer.at, "addresses": list(answer.addresses), "ttl": answer.ttl})


async def _observations(folder: Path, world: World, zone: str, check: str, write: Write) -> None:
    ids: dict[str, str] = {}
    seen: set[tuple[str, str, float]] = set()

    async def ask() -> None:
        if not ids:
            ids.update(await _leaf_ids(folder, world, zone, check))
        for name, check_id in ids.items():
            for word in await world.names.observations(check_id):
                key = (name, word.checker, word.at)
                if key not in seen:
                    seen.add(key)
                    write(
                        {
                            "check": name,
                            "checker": word.checker,
                            "healthy": word.healthy,
                            "at": word.at,
                            "status": word.status,
                        }
                    )

    await _every(0.7, ask)


async def _leaf_ids(folder: Path, world: World, zone: str, check: str) -> dict[str, str]:
    state = await world.names.read(zone)
    configs = {c.name: c.config for c in state.health_checks}
    wanted = leaves(check, configs)
    (folder / CHECKS).write_text(json.dumps({n: dict(c) for n, c in configs.items()}, default=str))
    return {c.name: c.id for c in state.health_checks if c.name in wanted}


async def _host(write: Write) -> None:
    before = read_cpu()
    while True:
        await asyncio.sleep(1.0)
        now = read_cpu()
        busy = now.busy_since(before)
        if busy is not None:
            write({"at": now.at, "busy": busy})
        before = now


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a recording; an unfinished last one is left out."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found
