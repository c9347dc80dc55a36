"""The right to change an environment: its lock, the fence on every write, and what ends both."""

import asyncio
import contextlib
import getpass
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infctl.engine.fencing import fenced
from infctl.engine.locks import EnvironmentLock, Who, lock_sites
from infctl.errors import InfctlError, Refused
from infctl.executor.folders import Lock, environment_lock, run_ids
from infctl.executor.watch import read_run
from infctl.model.run import RunView
from infctl.ports.world import World

LOCK = "lock"
"""The name under which --break-glass overrides a lock that cannot be had."""
TAKEOVER_SECONDS = 25.0
"""How long a run that is carried on waits for the lease of an executor that may be dead."""

CLOSING_SECONDS = 15.0
"""How long a run waits for one that is over to give the environment back."""
_POLL = 0.1


@dataclass(frozen=True, slots=True)
class Exclusive:
    """The environment as its one holder changes it: every write in `world` carries `fence`."""

    lock: EnvironmentLock
    fence: int
    world: World


async def take_environment(environment: str, run: str) -> Lock:
    """This machine's lock on it. Refused where another run has it, unless that one is over."""
    lock = environment_lock(environment)
    deadline = time.monotonic() + CLOSING_SECONDS
    while not lock.acquire(run):
        holder = lock.holder()
        if holder and not (_is_over(holder) and time.monotonic() < deadline):
            raise Refused(
                f"run {holder} changes environment {environment} now",
                hint=f"infctl runs attach {holder}",
                unchanged="nothing was changed",
            )
        await asyncio.sleep(_POLL)
    return lock


def _is_over(run: str) -> bool:
    """Whether a run of this machine has ended; its executor may still close."""
    return run in run_ids() and read_run(run).over


@contextlib.asynccontextmanager
async def exclusive(
    world: World,
    run: str,
    *,
    tell: Callable[[str], None],
    carries_on: bool = False,
    succeeds: str = "",
    force: bool = False,
) -> AsyncIterator[Exclusive]:
    """Hold the environment's lock while the block runs.

    `succeeds` is the id of a holding that certainly nobody keeps any more. A run that is carried on
    waits for a lease that may run out. Raises Refused where another holder lives, Unreachable where
    no majority of the lock's places answers.
    """
    who = Who(getpass.getuser(), socket.gethostname(), os.getpid(), run)
    lock = EnvironmentLock(lock_sites(world), world.clock, who)
    patience = TAKEOVER_SECONDS if carries_on else 0.0
    fence = await lock.acquire(patience=patience, force=force, succeeds=succeeds)
    renewing = asyncio.create_task(lock.renew_forever())
    clusters = fenced(world.clusters, fence, run, world.clock, tell)
    try:
        yield Exclusive(lock, fence, replace(world, clusters=clusters))
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        with contextlib.suppress(InfctlError, TimeoutError):
            # A lease that cannot be given back runs out by itself.
            async with asyncio.timeout(3.0):
                await lock.release()


def holder_of(held: Exclusive, folder: Path) -> dict[str, Any]:
    """Who carries the run on, and with which lease."""
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "lease": held.lock.id,
        "folder": str(folder),
    }


def dead_lease(view: RunView, folder: Path) -> str:
    """The lease of the executor before us, if it ran in this folder: its file lock is ours now."""
    holder = view.holder if isinstance(view.holder, dict) else {}
    is_here = holder.get("host") == socket.gethostname() and holder.get("folder") == str(folder)
    return str(holder.get("lease", "")) if is_here else ""
