"""A part at run time: its process, its state, and why it is in that state."""

import asyncio
import ctypes
import os
import signal
import subprocess
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from infctl.lab.part import Part
from infctl.lab.processes import Process, Register, find
from infctl.lab.supervisor import logs

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.3
_LONGEST_REASON = 300


class State(StrEnum):
    """What a part is doing. `dead` went by itself, `killed` and `frozen` are faults of ours."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    DEAD = "dead"
    FROZEN = "frozen"
    KILLED = "killed"


class Child:
    """One part and its process, if it has one; `change` tells the others when its state moves."""

    def __init__(self, part: Part, log: Path, register: Register) -> None:
        self.part = part
        self.log = log
        self.state = State.STARTING
        self.reason = "not started yet"
        self.since = time.time()
        self.pid: int | None = None
        self._register = register
        self._process: subprocess.Popen[bytes] | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._hook_is_due = True
        # A second start may overtake who still asks about the first.
        self._starts = 0
        self._asking: int | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it has a process, frozen or not."""
        return self.pid is not None

    def become(self, state: State, reason: str = "") -> None:
        """Change the state and wake who waits for that."""
        if state != self.state:
            self.since = time.time()
        self.state, self.reason = state, reason
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def change(self) -> None:
        """Wait for the next change of state."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    async def start(self) -> None:
        """Start the process and wait until it is ready; the state tells how that ended."""
        if self.is_alive:
            return
        self._hook_is_due = True
        self.become(State.STARTING)
        try:
            self._spawn()
        except OSError as error:
            self.become(State.FAILED, f"cannot start: {error.strerror or error}")
            return
        await self._become_ready()

    async def resume(self) -> None:
        """Let a frozen process go on, and wait until it is ready again."""
        self.signal(signal.SIGCONT)
        self.become(State.STARTING, "goes on after being frozen")
        if self._asking == self._starts:
            while self.state is State.STARTING:
                await self.change()
        else:
            await self._become_ready()

    def signal(self, number: int) -> None:
        """Signal the process with all of its group; nothing happens where it is gone."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def exited(self, timeout: float) -> bool:
        """Wait until there is no process; False if there still is one after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while self.pid is not None:
                    await self.change()
        except TimeoutError:
            return False
        return True

    def _spawn(self) -> None:
        parent = os.getpid()

        def die_with_parent() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        output = logs.open_log(self.log)
        try:
            self._process = subprocess.Popen(
                self.part.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(self.part.environment),
                cwd=self.log.parent.parent,
                start_new_session=True,
                # Between fork and exec only system calls are made, so threads do no harm.
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )
        finally:
            os.close(output)
        self.pid = self._process.pid
        self._starts += 1
        self._register.add(self.part.name, find(self.pid) or Process(self.pid, 0))
        descriptor = os.pidfd_open(self.pid)
        asyncio.get_running_loop().add_reader(descriptor, self._reap, descriptor)

    def _reap(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        if self._process is None:
            return
        # What is left of its group would keep ports that a new start needs. Until it is waited
        # for, the pid cannot be anybody else's.
        self.signal(signal.SIGKILL)
        code = self._process.wait()
        self._process, self.pid = None, None
        self._register.remove(self.part.name)
        if self.state is State.KILLED:
            self.become(State.KILLED, self.reason)
        else:
            self.become(State.DEAD, _explain(code))

    async def _become_ready(self) -> None:
        """Ask until it is ready, then run its hook where that has not been done."""
        mine = self._asking = self._starts
        reason = await self._ask_until_ready(mine)
        if not reason and self._hook_is_due:
            reason = await self._run_hook()
        if self._asking == mine:
            self._asking = None
        if self.state is State.STARTING and self.is_alive and mine == self._starts:
            self.become(State.FAILED if reason else State.READY, reason)

    async def _ask_until_ready(self, mine: int) -> str:
        """A frozen part is given its whole deadline again when it goes on."""
        end = time.monotonic() + self.part.deadline
        pause, reason = _FIRST_PAUSE, ""
        while self.is_alive and mine == self._starts:
            if self.state is State.FROZEN:
                await self.change()
                end = time.monotonic() + self.part.deadline
                continue
            reason = await self.check()
            if not reason and self.state is State.STARTING:
                return ""
            if time.monotonic() > end:
                return f"not ready after {self.part.deadline:g} s: {reason}"
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE)
        return reason

    async def _run_hook(self) -> str:
        if self.part.on_ready is None:
            return ""
        try:
            async with asyncio.timeout(self.part.deadline):
                await self.part.on_ready()
        except Exception as error:
            return f"its set-up failed: {type(error).__name__}: {error}"[:_LONGEST_REASON]
        self._hook_is_due = False
        return ""

    async def check(self) -> str:
        """Ask the part once: "" when it is ready, else why not."""
        try:
            return await self.part.ready()
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:_LONGEST_REASON]


def _explain(code: int) -> str:
    if code >= 0:
        return f"ended by itself with code {code}"
    return f"ended by {signal.Signals(-code).name}, which the lab did not send"
