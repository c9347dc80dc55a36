"""Looks at its lease when it begins, and never again."""

from infctl.model.plan import Step
from infctl.simulator.engine import Engine
from infctl.simulator.permit import SimulatedPermit

FAULTS = ("rival", "suspend", "slow_disk")


class Permit(SimulatedPermit):
    async def check(self, step: Step) -> None:
        pass

    async def publish(self, step: Step) -> None:
        pass


ENGINE = Engine(permit=Permit)
