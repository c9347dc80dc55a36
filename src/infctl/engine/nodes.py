"""Nodes that take new pods or do not: what cordon, uncordon and drain share."""

from typing import Any

from infctl.engine.handler import Args, Context, not_yet, passed
from infctl.engine.objects import require_object, require_same, where, write_fields
from infctl.model.outcome import Outcome
from infctl.ports.cluster import NODE, Object


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
