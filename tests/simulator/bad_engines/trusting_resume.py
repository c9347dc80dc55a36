"""Takes a step that was in the middle for done when a new executor finds it."""

from spoiled_parts import machine_with

from infctl.engine.step import _Attempt
from infctl.model.journal import Kind
from infctl.simulator.engine import Engine

FAULTS = ("kill", "request_lost")


class Attempt(_Attempt):
    async def _settled(self) -> bool:
        self.write(Kind.DONE, evidence=("it was begun",))
        return True


ENGINE = Engine(machine=machine_with(Attempt))
