"""What people ask of a run while it lives: data, queued until the machine can act on it."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """The decisions that a run takes."""

    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    SKIP = "skip"
    UNGRACEFUL = "ungraceful"
    ANSWER = "answer"
    ADOPT = "adopt"
    UNDO = "undo"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; a skip carries its reason, an answer its words. `by` is who asked.

    `step` names the one step that is meant; empty for all that wait for a decision.
    """

    verb: Verb
    by: str = ""
    reason: str = ""
    step: str = ""


class Decisions:
    """The queue between whoever asks and the machine."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Decision, asyncio.Future[bool] | None]] = asyncio.Queue()
        self._acted: asyncio.Future[bool] | None = None
        self.is_closed = False

    def put(self, decision: Decision) -> None:
        """Ask; returns at once."""
        self._queue.put_nowait((decision, None))

    async def hand_over(self, decision: Decision, patience: float) -> bool:
        """Ask, and wait until the machine has acted on it, for `patience` seconds at most.

        False where this executor never will, because it is ending.
        """
        if self.is_closed:
            return False
        acted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((decision, acted))
        done, _ = await asyncio.wait({acted}, timeout=patience)
        return acted.result() if done else True

    async def get(self) -> Decision:
        """The next decision, waited for. Who comes for it has acted on the one before."""
        self._tell(self._acted, True)
        decision, self._acted = await self._queue.get()
        return decision

    def take(self) -> list[Decision]:
        """All decisions that wait."""
        found = []
        while not self._queue.empty():
            decision, acted = self._queue.get_nowait()
            self._tell(acted, True)
            found.append(decision)
        return found

    def close(self) -> None:
        """Take nothing more from outside; whoever still waits may ask the next executor."""
        self.is_closed = True
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        for decision, acted in waiting:
            self._tell(acted, False)
            if acted is None:
                self.put(decision)

    def end(self) -> None:
        """The machine has ended: what it took it has acted on, and it takes nothing more."""
        self._tell(self._acted, True)
        self.close()

    @staticmethod
    def _tell(acted: "asyncio.Future[bool] | None", answer: bool) -> None:
        if acted is not None and not acted.done():
            acted.set_result(answer)
