"""Nodes that take new pods or do not: what cordon, uncordon and drain share."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.engine.objects import (
    ON_NODE,
    permission,
    require_object,
    require_same,
    uid,
    where,
    write_fields,
)
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import NODE, Object


class NodeOperation(Handler):
    """Args: region, name; optional: uid. `closes` is what it does; `opposite` undoes that."""

    closes: bool
    opposite: str

    def check(self, args: Args) -> None:
        """Which node."""
        arguments.check_arguments(self.kind, args, ON_NODE, {"uid": uid})

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
        return await observe(context, args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The opposite, where it was the opposite before."""
        if before["unschedulable"] == self.closes:
            return None
        return Operation(self.opposite, {**args, "uid": before["uid"]}, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Close or open it."""
        await close(context, operation.args, key, self.closes)
        return {"unschedulable": self.closes}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """It is closed, or open."""
        return await judge(context, operation.args, self.closes)


async def observe(context: Context, args: Args) -> dict[str, Any]:
    """Whether the node with this uid is closed to new pods."""
    return kept(await require_object(context, args, NODE))


def kept(found: Object) -> dict[str, Any]:
    """The uid, and whether it is closed."""
    is_closed = bool(found.get("spec", {}).get("unschedulable"))
    return {"uid": found["metadata"]["uid"], "unschedulable": is_closed}


async def close(context: Context, args: Args, key: str, is_closed: bool) -> None:
    """Close or open the node, if it is still as it was read."""
    found = await require_object(context, args, NODE)
    now = kept(found)
    require_same(context, args, key, now, {"unschedulable": is_closed}, where(args, NODE))
    if now["unschedulable"] != is_closed:
        patch = {"spec": {"unschedulable": True if is_closed else None}}
        await write_fields(context, args, NODE, found, patch)


async def judge(context: Context, args: Args, is_closed: bool) -> Outcome:
    """Whether the scheduler sees it closed, or open: it reads the same field."""
    now = await observe(context, args)
    word = "closed to new pods" if now["unschedulable"] else "open to new pods"
    outcome = passed if now["unschedulable"] == is_closed else not_yet
    return outcome(f"{where(args, NODE)} is {word}")
