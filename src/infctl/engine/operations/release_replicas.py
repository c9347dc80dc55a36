"""release_replicas: an autoscaler that a plan of infctl held may take pods away again."""

from typing import Any

from infctl.engine import arguments, autoscaling, holding
from infctl.engine.handler import Args, Context, not_yet, passed
from infctl.engine.holding import HoldingOperation
from infctl.engine.objects import where
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import SCALED_OBJECT

_exactly = arguments.mapping_of(
    arguments.text(64), least=0, keys=arguments.one_of(holding.SCALE_IN)
)


class ReleaseReplicas(HoldingOperation):
    """Args: region, namespace, name; optional: uid, exactly (annotations, for undo).

    What no plan of infctl holds stays as it is.
    """

    kind = "release_replicas"

    def check(self, args: Args) -> None:
        """What is to be said after it is not that it is held."""
        autoscaling.check(self.kind, args, exactly=_exactly)

    def loss(self, args: Args) -> str:
        """Whether pods go."""
        return f"whether {args['region']} keeps more pods than it needs is not known"

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Hold it again, where a plan did before."""
        if holding.HELD not in before["annotations"]:
            return None
        place = {k: args[k] for k in ("region", "namespace", "name")}
        return Operation("hold_replicas", {**place, "uid": before["uid"]}, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Take our annotations away."""
        args = operation.args
        now = await holding.observe(context, args)
        if holding.HELD in now["annotations"]:
            await holding.annotate(context, args, key, dict(args.get("exactly", {})))
        return {"uid": now["uid"]}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """No plan holds it."""
        return await self.untouched(context, operation)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether no plan holds it."""
        now = await holding.observe(context, operation.args)
        what = where(operation.args, SCALED_OBJECT)
        is_held = holding.HELD in now["annotations"]
        return not_yet(f"{what} is held") if is_held else passed(f"{what} is not held by a plan")
