"""cordon_node: close a node to new pods; those on it stay."""

from typing import Any

from infctl.engine import arguments, nodes
from infctl.engine.handler import Args, Context, Handler, Permission
from infctl.engine.objects import ON_NODE, permission, uid, where
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import NODE

KIND = "cordon_node"


class CordonNode(Handler):
    """Args: region, name; optional: uid."""

    kind = KIND

    def check(self, args: Args) -> None:
        """Which node."""
        arguments.check_arguments(KIND, args, ON_NODE, {"uid": uid})

    def touches(self, args: Args) -> tuple[str, ...]:
        """One node."""
        return (where(args, NODE),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To patch nodes."""
        return permission(args, NODE, "get", "patch")

    def loss(self, args: Args) -> str:
        """Where new pods go."""
        return f"whether {args['name']} in {args['region']} takes new pods is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether it is closed to new pods."""
        return await nodes.observe(context, args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Open it again, if it was open."""
        if before["unschedulable"]:
            return None
        return Operation("uncordon_node", {**args, "uid": before["uid"]}, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Close it."""
        await nodes.close(context, operation.args, key, True)
        return {"unschedulable": True}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """It is closed."""
        return await nodes.judge(context, operation.args, True)
