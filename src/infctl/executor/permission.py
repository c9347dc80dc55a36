"""Whether this executor may act now: its lease, the freeze, and its rights, asked each time."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from infctl.engine.handler import Handler
from infctl.engine.mirroring import Mirror
from infctl.engine.operations import find
from infctl.errors import Frozen, Refused
from infctl.executor.rights import ask_right
from infctl.model.plan import Step
from infctl.ports.world import World


class Held(Protocol):
    """The lock as far as an act needs it."""

    def check(self) -> None:
        """LeaseLost where another holder may have taken over."""

    async def note_step(self, step: str) -> None:
        """Tell others with the next renewal which step was begun last."""


class RunPermit:
    """Asked by the step protocol. `frozen` says why everything stands still, or nothing."""

    def __init__(
        self, world: World, lock: Held, mirror: Mirror, frozen: Callable[[], str | None]
    ) -> None:
        self._world = world
        self._lock = lock
        self._mirror = mirror
        self._frozen = frozen

    async def check(self, step: Step) -> None:
        """Lease, freeze, right. What heals may go on: a freeze keeps no hurt in place."""
        self._lock.check()
        handler = find(step.operation.kind, step.operation.version)
        why = None if handler.heals else self._frozen()
        if why is not None:
            raise Frozen(why, hint="infctl freeze --status", unchanged="the step has not begun")
        await self._rights(handler, step)

    async def publish(self, step: Step) -> None:
        """The intent in a cluster, then the lease once more, right before the act."""
        await self._mirror.settle()
        await self._lock.note_step(step.id)
        self._lock.check()

    async def _rights(self, handler: Handler, step: Step) -> None:
        needed = handler.permissions(step.operation.args)
        answers = await asyncio.gather(*(ask_right(self._world, p) for p in needed))
        if missing := [why for why in answers if why]:
            raise Refused("; ".join(missing), unchanged="the step has not begun")
