"""heal_fault: end a fault and wait until what it stopped is ready again."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.operations.inject_fault import faults_of
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation


class HealFault(Handler):
    """Args: fault (an id). One that is not in force is healed."""

    kind = "heal_fault"
    completes = True
    reversible = False
    heals = True

    def check(self, args: Args) -> None:
        """Which fault."""
        arguments.check_arguments(self.kind, args, {"fault": arguments.name})

    def touches(self, args: Args) -> tuple[str, ...]:
        """What the fault had stopped."""
        return (f"fault {args['fault']}",)

    def loss(self, args: Args) -> str:
        """Whether it still hurts."""
        return f"whether the fault {args['fault']} is over is not known; it ends by its own lease"

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether this fault is in force."""
        return any(f.id == args["fault"] for f in await faults_of(context).active())

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """End it."""
        del key
        await faults_of(context).heal(operation.args["fault"])
        return {"at": context.world.clock.wall()}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The injector does not list it."""
        if await self.observe(context, operation.args):
            return not_yet("the fault is still in force")
        return passed("the fault is healed")

    async def whole(self, context: Context, operation: Operation) -> Outcome:
        """Nothing but the answer says that all is ready again; healing twice only waits for it."""
        del context, operation
        return not_yet("whether what it stopped is ready again is not known")
