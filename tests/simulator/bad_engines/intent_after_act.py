"""Acts first and writes the intent when it worked."""

from spoiled_parts import machine_with

from infctl.engine.step import _Attempt
from infctl.model.journal import Kind
from infctl.simulator.engine import Engine

FAULTS = ("kill",)


class Attempt(_Attempt):
    async def run(self) -> None:
        before = await self._observe()
        await self.handler.apply(self.context, self.operation, self.key)
        args = {"kind": self.operation.kind, "version": self.operation.version}
        self.journal.append(
            Kind.INTENT,
            step=self.step.id,
            attempt=self.number,
            key=self.key,
            before=before,
            args=args,
        )
        await self._read_back()


ENGINE = Engine(machine=machine_with(Attempt))
