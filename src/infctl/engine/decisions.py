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
        self._queue: asyncio.Queue[Decision] = asyncio.Queue()

    def put(self, decision: Decision) -> None:
        """Ask; returns at once."""
        self._queue.put_nowait(decision)

    async def get(self) -> Decision:
        """The next decision, waited for."""
        return await self._queue.get()

    def take(self) -> list[Decision]:
        """All decisions that wait."""
        found = []
        while not self._queue.empty():
            found.append(self._queue.get_nowait())
        return found
