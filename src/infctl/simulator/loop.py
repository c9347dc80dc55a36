"""Virtual time: an event loop that jumps to the next timer, and whose processes can die or sleep.

Whatever runs belongs to the process in whose context it was begun. A dead process runs nothing any
more, not even what it would tidy up, as after SIGKILL; one that sleeps runs late. No file
descriptor, no thread and no wall time is used, so that the same seed gives the same run.
"""

import asyncio
import contextlib
import contextvars
import heapq
import itertools
import traceback
from asyncio.events import _get_running_loop, _set_running_loop
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


_MOST_TURNS = 2_000
"""Rounds of callbacks at one moment, after which somebody asks again and again without waiting."""


class Stuck(Exception):
    """Everybody waits, and nothing will ever happen again; or time does not go on."""


def where(error: BaseException) -> str:
    """An error with the place that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


@dataclass(eq=False, slots=True)
class Process:
    """Something that runs by itself; `wakes` is the moment until which it sleeps."""

    name: str
    dead: bool = False
    wakes: float = 0.0


class Killed(BaseException):
    """A process that is dead already tried to do something."""


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class Turn(asyncio.TimerHandle):
    """A callback that is due at a moment, in the context in which it was asked for."""

    __slots__ = ("arguments", "call", "moment", "number", "within")

    def __init__(
        self,
        moment: float,
        number: int,
        call: Callable[..., object],
        arguments: tuple[Any, ...],
        loop: "VirtualLoop",
        within: contextvars.Context | None,
    ) -> None:
        # By itself: what the one above keeps for debugging is never asked for.
        del loop
        self._cancelled = False
        self.call = call
        self.moment = moment
        self.arguments = arguments
        self.number = number
        self.within = contextvars.copy_context() if within is None else within

    def cancel(self) -> None:
        """Drop it: when its moment comes, nothing runs."""
        self._cancelled = True


def rest(seconds: float) -> "asyncio.Future[None]":
    """Wait so long on the virtual loop that runs."""
    loop: Any = _get_running_loop()
    found: asyncio.Future[None] = loop.rest(seconds)
    return found


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class VirtualLoop(asyncio.AbstractEventLoop):
    """The least that asyncio's tasks, futures, timeouts and locks need of a loop."""

    def __init__(self) -> None:
        self._now = 0.0
        self._turns = 0
        self._ready: deque[Turn] = deque()
        self._timers: list[tuple[float, int, Turn]] = []
        self._numbers = itertools.count()
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.errors: list[str] = []

    def time(self) -> float:
        """Seconds since the run began."""
        return self._now

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Run at this moment, after what waits already."""
        turn = Turn(self._now, 0, callback, args, self, context)
        self._ready.append(turn)
        return turn

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run at a moment."""
        turn = Turn(when, next(self._numbers), callback, args, self, context)
        heapq.heappush(self._timers, (when, turn.number, turn))
        return turn

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run after so many seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def rest(self, seconds: float) -> "asyncio.Future[None]":
        """`asyncio.sleep` at a fraction of its cost: most of a run is waiting for answers."""
        future: asyncio.Future[None] = asyncio.Future(loop=self)
        self.call_at(self._now + seconds, _wake, future)
        return future

    def create_future(self) -> "asyncio.Future[Any]":
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
    ) -> "asyncio.Task[T]":
        """A task of this loop, remembered until it is done: its process may die before."""
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks[task] = None
        task.add_done_callback(self._forget)
        return task

    def get_debug(self) -> bool:
        """Never."""
        return False

    def is_running(self) -> bool:
        """Whether it is the loop that runs now."""
        return _get_running_loop() is self

    def is_closed(self) -> bool:
        """There is nothing to close."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what nobody caught: the run's judges look at it."""
        error = context.get("exception")
        if error is not None and not isinstance(error, Killed):
            self.errors.append(where(error))

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run until `main` is done; raises Stuck where nothing can happen before that."""
        before = _get_running_loop()
        _set_running_loop(self)
        try:
            task = self.create_task(main)
            turn = self._turn
            while not task.done():
                turn()
            return task.result()
        finally:
            self._bury()
            _set_running_loop(before)

    def suspend(self, process: Process, seconds: float) -> None:
        """Let a machine sleep: its process runs late, and its timers do not count the sleep."""
        process.wakes = self._now + seconds
        for _, _, turn in self._timers:
            if turn.within.get(PROCESS) is process:
                turn.moment += seconds
        self._timers = [(turn.moment, turn.number, turn) for _, _, turn in self._timers]
        heapq.heapify(self._timers)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing: a timer that was cancelled is dropped when its moment comes."""

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.pop(task, None)

    def _turn(self) -> None:
        ready, timers = self._ready, self._timers
        if not ready:
            while timers and timers[0][2].cancelled():
                heapq.heappop(timers)
            if not timers:
                raise Stuck("everybody waits, and nothing will happen")
            self._now = max(self._now, timers[0][0])
            self._turns = 0
        self._turns += 1
        if self._turns > _MOST_TURNS:
            raise Stuck(f"time stands still: {ready[0].call}")
        now = self._now
        while timers and timers[0][0] <= now:
            ready.append(heapq.heappop(timers)[2])
        for _ in range(len(ready)):
            turn = ready.popleft()
            if turn._cancelled:  # noqa: SLF001
                continue
            process = turn.within.get(PROCESS)
            if process is None or not (process.dead or process.wakes > now):
                self._run_turn(turn)
            elif not process.dead:
                # The same turn: whoever holds it may cancel it still.
                turn.moment, turn.number = process.wakes, next(self._numbers)
                heapq.heappush(self._timers, (turn.moment, turn.number, turn))

    def _run_turn(self, turn: Turn) -> None:
        try:
            turn.within.run(turn.call, *turn.arguments)
        except Exception as error:
            self.call_exception_handler({"exception": error})

    def _bury(self) -> None:
        """End what dead processes left, without letting it speak."""
        self._ready.clear()
        self._timers.clear()
        for task in list(self._tasks):
            coroutine = task.get_coro()
            # Closed, it neither runs nor complains later that it never ended.
            with contextlib.suppress(BaseException):
                coroutine.close()
        self._tasks.clear()
        self._ready.clear()
        self._timers.clear()


def virtual_loop() -> VirtualLoop:
    """A loop at the beginning of time. It has no files, threads or signals, and needs none."""
    return VirtualLoop()  # type: ignore[abstract]
