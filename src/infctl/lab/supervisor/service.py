"""The life of a supervisor: claim, check, start, serve, stop."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infctl.lab import processes, spec
from infctl.lab.errors import LabError
from infctl.lab.part import Part
from infctl.lab.supervisor.admin import Admin
from infctl.lab.supervisor.faults import Faults
from infctl.lab.supervisor.household import Household, Residents
from infctl.lab.supervisor.ports import check_free
from infctl.lab.supervisor.watches import check_watches

_LOG = logging.getLogger(__name__)
SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a lab is made of, and which processes live in a region beside its parts."""

    parts: Sequence[Part]
    residents: Residents = lambda _: ()


Assemble = Callable[[spec.Lab], Assembly]


def register_path(state: Path) -> Path:
    """Where the processes of a lab are recorded."""
    return state / "processes.json"


def error_path(state: Path) -> Path:
    """Where a supervisor that cannot start says why."""
    return state / "error.json"


def run(state: Path, assemble: Assemble) -> None:
    """Be the supervisor of the lab in `state` until it is stopped; leaves with 1 on LabError."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    os.umask(0o077)
    lab = spec.load(state)
    register = processes.Register(register_path(state))
    myself = processes.find(os.getpid())
    if myself:
        register.add(SUPERVISOR, myself)
    try:
        assembly = assemble(lab)
        check_free(assembly.parts)
        check_watches(len(lab.regions))
        household = Household(lab, assembly.parts, assembly.residents, register)
    except (LabError, OSError) as error:
        _report(state, error)
        sys.exit(1)
    asyncio.run(serve(household))


async def serve(household: Household) -> None:
    """Start all parts, answer on the admin socket, and stop on request or SIGTERM."""
    stopping = asyncio.Event()
    stopped = asyncio.Event()

    async def stop() -> None:
        stopping.set()
        await stopped.wait()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    faults = Faults(household)
    admin = Admin(household, faults, stop)
    await admin.open(household.lab.admin_socket)
    tasks = [
        asyncio.create_task(household.start(list(household.children))),
        asyncio.create_task(household.watch()),
        asyncio.create_task(faults.expire()),
        asyncio.create_task(faults.follow()),
    ]
    for task in tasks:
        task.add_done_callback(_log_failure)
    await stopping.wait()
    for task in tasks:
        task.cancel()
    await household.stop()
    stopped.set()
    await admin.close()


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception():
        _LOG.error("a task of the supervisor failed", exc_info=task.exception())


def _report(state: Path, error: LabError | OSError) -> None:
    what, hint = (error.what, error.hint) if isinstance(error, LabError) else (str(error), "")
    _LOG.error("%s", what)
    error_path(state).write_text(json.dumps({"what": what, "hint": hint}))
