"""Whether a simulated executor may act now: its lease and the freeze, asked as in a real one."""

from collections.abc import Callable
from typing import Any

from infctl.engine.mirroring import Mirror
from infctl.engine.operations import find
from infctl.errors import Frozen
from infctl.model.plan import Step


class SimulatedPermit:
    """`lock` is the executor's; `frozen` says why everything stands still, or nothing.

    `mirror` keeps copies of the run, where another machine may need them.
    """

    def __init__(
        self, lock: Any, frozen: Callable[[], str | None], mirror: Mirror | None = None
    ) -> None:
        self.lock = lock
        self.frozen = frozen
        self.mirror = mirror

    async def check(self, step: Step) -> None:
        """Lease and freeze; what heals may go on."""
        self.lock.check()
        why = None if find(step.operation.kind, step.operation.version).heals else self.frozen()
        if why is not None:
            raise Frozen(why, unchanged="the step has not begun")

    async def publish(self, step: Step) -> None:
        """A copy of the intent, then the lease once more, right before the act."""
        del step
        if self.mirror is not None:
            await self.mirror.settle()
        self.lock.check()
