"""resume_autoscaling: let a ScaledObject's replicas follow its triggers again."""

from typing import Any

from infctl.engine import arguments, autoscaling
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.engine.objects import require_object, where
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import SCALED_OBJECT

KIND = "resume_autoscaling"


class ResumeAutoscaling(Handler):
    """Args: region, namespace, name; optional: uid, scaled (false: no autoscaler is expected)."""

    kind = KIND

    def check(self, args: Args) -> None:
        """Nothing but where it lies."""
        autoscaling.check(KIND, args, scaled=arguments.truth)

    def touches(self, args: Args) -> tuple[str, ...]:
        """One ScaledObject."""
        return (where(args, SCALED_OBJECT),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To patch it, and to see its autoscaler."""
        return autoscaling.permissions(args)

    def loss(self, args: Args) -> str:
        """Whether pods come and go by themselves."""
        return f"whether pods in {args['region']} scale by themselves again is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The pausing annotations as they are, and whether an autoscaler is at work."""
        return await autoscaling.observe(context, args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Just the annotations from before."""
        if not before["annotations"]:
            return None
        place = {k: args[k] for k in ("region", "namespace", "name")}
        back = {**place, "uid": before["uid"], "exactly": before["annotations"]}
        return Operation("pause_autoscaling", back, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Take the annotations away."""
        await autoscaling.annotate(context, operation.args, key, {})
        return {"annotations": {}}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """They are gone, and an autoscaler is at work again."""
        args = operation.args
        outcome = await self.untouched(context, operation)
        found = await require_object(context, args, SCALED_OBJECT)
        is_scaled = await autoscaling.autoscaler(context, args, found) is not None
        if args.get("scaled", True) and not is_scaled:
            return not_yet(f"{where(args, SCALED_OBJECT)}: no autoscaler has taken it up yet")
        return outcome

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether nobody paused it since."""
        args = operation.args
        now = autoscaling.kept(await require_object(context, args, SCALED_OBJECT))
        word = "paused" if now["annotations"] else "not paused"
        outcome = not_yet if now["annotations"] else passed
        return outcome(f"{where(args, SCALED_OBJECT)} is {word}")
