"""pause_autoscaling: hold a ScaledObject's replicas where they are, or at a number."""

from typing import Any

from infctl.engine import arguments, autoscaling
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.engine.objects import require_object, where
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import SCALED_OBJECT

KIND = "pause_autoscaling"


class PauseAutoscaling(Handler):
    """Args: region, namespace, name; optional: replicas, uid, exactly (annotations, for undo)."""

    kind = KIND

    def check(self, args: Args) -> None:
        """Replicas, where they are given, are a number that a Deployment can have."""
        rules = {"replicas": arguments.whole(0, 10_000), "exactly": autoscaling.exactly}
        autoscaling.check(KIND, args, **rules)

    def touches(self, args: Args) -> tuple[str, ...]:
        """One ScaledObject."""
        return (where(args, SCALED_OBJECT),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To patch it, and to see its autoscaler."""
        return autoscaling.permissions(args)

    def loss(self, args: Args) -> str:
        """Whether pods still come and go by themselves."""
        return f"whether pods in {args['region']} still scale by themselves is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The pausing annotations as they are, and whether an autoscaler is at work."""
        return await autoscaling.observe(context, args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Just the annotations from before."""
        if before["annotations"] == _wanted(args):
            return None
        place = {k: args[k] for k in ("region", "namespace", "name")}
        back: dict[str, Any] = {**place, "uid": before["uid"]}
        if before["annotations"]:
            back["exactly"] = before["annotations"]
            return Operation(KIND, back, region=args["region"])
        back["scaled"] = before["scaled"]
        return Operation("resume_autoscaling", back, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Annotate it."""
        await autoscaling.annotate(context, operation.args, key, _wanted(operation.args))
        return {"annotations": _wanted(operation.args)}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """It is annotated, and no autoscaler is left that would scale."""
        args = operation.args
        outcome = await self.untouched(context, operation)
        found = await require_object(context, args, SCALED_OBJECT)
        if await autoscaling.autoscaler(context, args, found) is not None:
            return not_yet(f"{where(args, SCALED_OBJECT)}: its autoscaler is still at work")
        return outcome

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether it is annotated as this operation does."""
        args = operation.args
        now = autoscaling.kept(await require_object(context, args, SCALED_OBJECT))
        is_right = now["annotations"] == _wanted(args)
        word = "paused" if is_right else "not paused as wanted"
        return (passed if is_right else not_yet)(f"{where(args, SCALED_OBJECT)} is {word}")


def _wanted(args: Args) -> dict[str, str]:
    if "exactly" in args:
        return dict(args["exactly"])
    if "replicas" in args:
        return {autoscaling.REPLICAS: str(args["replicas"])}
    return {autoscaling.PAUSED: "true"}
