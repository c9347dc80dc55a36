"""Takes back in the order in which it was done."""

from spoiled_parts import machine_undoing

from infctl.engine.undo import Undoing, undo_order
from infctl.model.run import RunView
from infctl.simulator.engine import Engine

FAULTS = ("slow_rollout",)


class Forwards(Undoing):
    async def run(self, view: RunView) -> list[str]:
        if view.plan is None:
            return []
        order = reversed(undo_order(view))
        found = [(s.id, await self._guarded(view.plan.step(s.id), s)) for s in order]
        return [f"{step_id}: {problem}" for step_id, problem in found if problem]


ENGINE = Engine(machine=machine_undoing(Forwards))
