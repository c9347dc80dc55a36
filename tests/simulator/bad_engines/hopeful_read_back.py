"""Calls a step done when the deadline passes, whatever it read back."""

from spoiled_parts import machine_with

from infctl.engine.step import POLL, _Attempt
from infctl.model.journal import Kind
from infctl.model.outcome import Word
from infctl.simulator.engine import Engine

FAULTS = ("slow_rollout",)


class Attempt(_Attempt):
    async def _read_back(self) -> None:
        while (await self._verify()).word is not Word.PASSED:
            if self.clock.boottime() >= self.deadline:
                break
            await self.clock.sleep(POLL)
        self.write(Kind.DONE, evidence=("it was accepted",))


ENGINE = Engine(machine=machine_with(Attempt))
