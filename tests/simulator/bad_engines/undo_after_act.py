"""Takes back first and writes that it is about to afterwards."""

from typing import Any

from spoiled_parts import machine_undoing

from infctl.engine.operations import find
from infctl.engine.undo import Undoing
from infctl.model.journal import Kind
from infctl.simulator.engine import Engine

FAULTS = ("kill", "slow_rollout")


class Backwards(Undoing):
    async def _apply(self, step: Any, seen: Any, operation: Any, deadline: float) -> None:
        key = f"{self.context.run}/{seen.id}/undo"
        await find(operation.kind, operation.version).apply(self.context, operation, key)
        self.journal.append(
            Kind.UNDO_INTENT, step=seen.id, attempt=seen.attempt, key=key, undo=seen.undo
        )
        self._done(seen, *(await self._observed(operation, deadline)).evidence)


ENGINE = Engine(machine=machine_undoing(Backwards))
