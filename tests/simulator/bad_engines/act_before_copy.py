"""Acts before any cluster has the intent: nobody else could ever take it back."""

from infctl.model.plan import Step
from infctl.simulator.engine import Engine
from infctl.simulator.permit import SimulatedPermit

FAULTS = ("colleague",)


class Permit(SimulatedPermit):
    async def publish(self, step: Step) -> None:
        self.lock.check()


ENGINE = Engine(permit=Permit)
