"""stop_load: stop the clients that an earlier step started."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation


class StopLoad(Handler):
    """Args: step (the id of the start_load step). Clients that were never started are stopped."""

    kind = "stop_load"
    completes = True
    reversible = False
    heals = True

    def check(self, args: Args) -> None:
        """Who started them."""
        arguments.check_arguments(self.kind, args, {"step": arguments.key})

    def touches(self, args: Args) -> tuple[str, ...]:
        """Clients of our own."""
        return (f"the clients that {args['step']} started",)

    def loss(self, args: Args) -> str:
        """Whether they are gone."""
        return f"whether the clients that {args['step']} started are gone is not known"

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Stop them and wait until their log is complete."""
        del key
        result = context.step(operation.args["step"]).result
        if result is not None:
            await context.world.load.stop(result["load"])
        return {"stopped": result is not None}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Stopping returns when they are gone; a step that was never answered is not known."""
        seen = context.step(operation.args["step"])
        if seen.attempt and seen.result is None:
            return not_yet("clients were started, but who they are is not known")
        return passed("the clients are stopped")

    async def whole(self, context: Context, operation: Operation) -> Outcome:
        """Nothing but the answer says that they are gone; stopping again costs nothing."""
        del context, operation
        return not_yet("whether the clients are gone is not known")
