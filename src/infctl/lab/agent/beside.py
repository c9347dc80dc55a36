"""Commands that run beside a container, with its environment: exec probes and hooks."""

import asyncio
import ctypes
import os
import signal
from contextlib import suppress

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_LONGEST_OUTPUT = 2000


async def run_beside(
    argv: list[str], environment: dict[str, str], folder: str, timeout: float
) -> tuple[int, str]:
    """The exit code and the end of the output; TimeoutError after `timeout` seconds.

    Nothing of it is left then, nor when the agent is killed.
    """
    process = await start_beside(argv, environment, folder, error=asyncio.subprocess.STDOUT)
    try:
        async with asyncio.timeout(timeout):
            output, _ = await process.communicate()
    finally:
        end_beside(process)
    said = output.decode(errors="replace").strip()
    return process.returncode or 0, said[-_LONGEST_OUTPUT:]


async def start_beside(
    argv: list[str],
    environment: dict[str, str],
    folder: str,
    *,
    error: int = asyncio.subprocess.PIPE,
    stdin: int = asyncio.subprocess.DEVNULL,
) -> asyncio.subprocess.Process:
    """Start a command that dies with the agent; OSError if it cannot be started."""
    parent = os.getpid()

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=error,
        env=environment,
        cwd=folder,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


def end_beside(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of a command and of what it started in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
