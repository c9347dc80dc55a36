"""Takes back what it did, although somebody else has changed it since."""

from typing import Any

from spoiled_parts import machine_undoing

from infctl.engine.undo import Undoing, read_undo
from infctl.simulator.engine import Engine

FAULTS = ("meddling", "slow_rollout")


class Ruthless(Undoing):
    async def _undo(self, step: Any, seen: Any, deadline: float) -> str:
        await self._apply(step, seen, read_undo(seen.undo), deadline)
        return ""


ENGINE = Engine(machine=machine_undoing(Ruthless))
