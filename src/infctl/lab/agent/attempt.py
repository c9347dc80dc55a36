"""One start of a container at run time: made, taken over, signalled, waited for."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from infctl.lab.agent.command import Command
from infctl.lab.agent.records import ContainerFolder, Ending
from infctl.lab.processes import Process, find, is_alive, send

SHIM = Path(__file__).with_name("shim.py")
_SHIM_SECONDS = 2.0


class Attempt:
    """A start that was made; its `shim` lives or has lived."""

    def __init__(self, folder: ContainerFolder, number: int, shim: Process) -> None:
        self.folder = folder
        self.number = number
        self.started = folder.started(number)
        self.shim = shim
        self._gone = asyncio.create_task(wait_gone(shim))

    async def ended(self) -> Ending:
        """Wait until nothing of it lives; any number may wait."""
        await asyncio.shield(self._gone)
        return self.folder.ending(self.number)

    def signal(self, number: int) -> None:
        """Signal the container's main process, if it has one."""
        process = self.folder.container(self.number)
        if process:
            send(process, number)

    async def kill(self) -> Ending:
        """SIGKILL it and wait; its shim is killed too if it does not notice."""
        self.signal(signal.SIGKILL)
        try:
            async with asyncio.timeout(_SHIM_SECONDS):
                return await self.ended()
        except TimeoutError:
            send(self.shim, signal.SIGKILL)
            return await self.ended()

    def forget(self) -> None:
        """Stop following it; what lives goes on."""
        self._gone.cancel()


async def launch(folder: ContainerFolder, number: int, command: Command) -> Attempt:
    """Start a container; its shim is on disk before it is told what to start."""
    spec_read, spec_write = os.pipe()
    answer_read, answer_write = os.pipe()
    try:
        # It takes a millisecond, and nothing is waited for.
        pid = os.posix_spawn(  # noqa: ASYNC221
            sys.executable,
            [sys.executable, "-I", "-S", str(SHIM), str(folder.path), str(number)],
            {"PATH": "/usr/bin:/bin"},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, spec_read, 0),
                (os.POSIX_SPAWN_DUP2, answer_write, 1),
            ],
            setsid=True,
        )
    finally:
        os.close(spec_read)
        os.close(answer_write)
    shim = find(pid) or Process(pid, 0)
    folder.record_shim(number, shim)
    folder.prune(number)
    await asyncio.to_thread(_hand_over, spec_write, answer_read, command)
    return Attempt(folder, number, shim)


def adopt(folder: ContainerFolder, number: int) -> Attempt | None:
    """Take over a start whose shim lives; None if that has ended."""
    shim = folder.shim(number)
    return Attempt(folder, number, shim) if shim and is_alive(shim) else None


def _hand_over(spec: int, answer: int, command: Command) -> None:
    """Tell the shim what to start, and wait until it was started or could not be."""
    with suppress(BrokenPipeError), os.fdopen(spec, "wb") as file:
        file.write(json.dumps(asdict(command)).encode())
    with os.fdopen(answer, "rb") as file:
        file.read()


async def wait_gone(process: Process) -> None:
    """Wait until that very process is gone, and reap it where it is a child of ours."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(process):
            await _readable(descriptor)
        with suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOHANG)  # noqa: ASYNC222
    finally:
        os.close(descriptor)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
