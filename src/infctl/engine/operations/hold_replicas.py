"""hold_replicas: no autoscaler takes pods away from now on; it may still add some."""

from typing import Any

from infctl.engine import holding
from infctl.engine.handler import Args, Context, not_yet, passed
from infctl.engine.holding import HoldingOperation
from infctl.engine.objects import where
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import SCALED_OBJECT


class HoldReplicas(HoldingOperation):
    """Args: region, namespace, name; optional: uid. Without a ScaledObject nothing is done."""

    kind = "hold_replicas"

    def loss(self, args: Args) -> str:
        """Whether pods stay."""
        return f"whether an autoscaler takes pods away in {args['region']} is not known"

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Let go again, unless somebody held it before; what else was said stands again."""
        if not before["uid"] or before["annotations"].get(holding.SCALE_IN) == "true":
            return None
        place = {k: args[k] for k in ("region", "namespace", "name")}
        back: dict[str, Any] = {**place, "uid": before["uid"]}
        if before["annotations"]:
            back["exactly"] = before["annotations"]
        return Operation("release_replicas", back, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Annotate it; what somebody else holds stays theirs."""
        args = operation.args
        now = await holding.observe(context, args)
        if now["uid"] and now["annotations"].get(holding.SCALE_IN) != "true":
            await holding.annotate(context, args, key, holding.HOLD)
        return {"uid": now["uid"]}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Its autoscaler takes nothing away any more."""
        args = operation.args
        found = await holding.read(context, args)
        if found is None:
            return passed(f"{args['region']}: nothing scales {args['name']} by itself")
        if await holding.scales_in(context, args, found):
            return not_yet(f"{where(args, SCALED_OBJECT)}: its autoscaler may still scale in")
        return await self.untouched(context, operation)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether it is held."""
        now = await holding.observe(context, operation.args)
        is_held = not now["uid"] or now["annotations"].get(holding.SCALE_IN) == "true"
        what = where(operation.args, SCALED_OBJECT)
        return passed(f"{what} is held") if is_held else not_yet(f"{what} is not held")
