"""Commands that run beside a container, with its environment: exec probes and hooks."""

import asyncio
import ctypes
import fcntl
import os
import signal
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

from infctl.lab.agent.command import Command
from infctl.lab.processes import Process, is_alive

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_LONGEST_OUTPUT = 2000


async def run_beside(
    argv: list[str], command: Command, timeout: float, inside: Process | None
) -> tuple[int, str]:
    """The exit code and the end of the output; TimeoutError after `timeout` seconds.

    Nothing of it is left then, nor when the agent is killed.
    """
    process = await start_beside(argv, command, inside, error=asyncio.subprocess.STDOUT)
    try:
        async with asyncio.timeout(timeout):
            output, _ = await process.communicate()
    finally:
        end_beside(process)
    said = output.decode(errors="replace").strip()
    return process.returncode or 0, said[-_LONGEST_OUTPUT:]


async def start_beside(
    argv: list[str],
    command: Command,
    inside: Process | None,
    *,
    error: int = asyncio.subprocess.PIPE,
    stdin: int = asyncio.subprocess.DEVNULL,
    terminal: int | None = None,
) -> asyncio.subprocess.Process:
    """Start what dies with the agent; OSError if it cannot be started.

    It sees the mounts of the process `inside`. A terminal, by its descriptor, takes the place of
    its input and its outputs.
    """
    parent = os.getpid()
    namespaces = _open_namespaces(inside) if inside and command.wrapper else []

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        if terminal is not None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for descriptor in namespaces:
            if _LIBC.setns(descriptor, 0):
                raise OSError("setns")
        os.chdir(command.folder)

    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=stdin if terminal is None else terminal,
            stdout=asyncio.subprocess.PIPE if terminal is None else terminal,
            stderr=error if terminal is None else terminal,
            env=command.environment,
            start_new_session=True,
            preexec_fn=prepare,
        )
    except subprocess.SubprocessError as failure:
        raise OSError(f"it cannot be started in {command.folder}") from failure
    finally:
        for descriptor in namespaces:
            os.close(descriptor)


def _open_namespaces(process: Process) -> list[int]:
    """The user and mount namespaces that a process has and we have not."""
    found: list[int] = []
    try:
        for kind in ("user", "mnt"):
            own, other = Path("/proc/self/ns") / kind, Path(f"/proc/{process.pid}/ns") / kind
            if own.stat().st_ino != other.stat().st_ino:
                found.append(os.open(other, os.O_RDONLY))
        if not is_alive(process):
            raise ProcessLookupError("the container has ended")
    except OSError:
        for descriptor in found:
            os.close(descriptor)
        raise
    return found


def end_beside(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of a command and of what it started in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
