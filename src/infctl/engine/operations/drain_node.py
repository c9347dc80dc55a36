"""drain_node: close a node, then evict what runs on it, as the disruption budgets allow."""

from typing import Any

from infctl.engine import arguments, nodes, pods
from infctl.engine.config_maps import cluster_of
from infctl.engine.handler import Args, Context, Handler, Permission, not_yet, passed
from infctl.engine.objects import ON_NODE, permission, uid, where
from infctl.errors import Conflict, InfctlError, Refused
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Operation
from infctl.ports.cluster import NODE, POD, Object

KIND = "drain_node"
_PATIENCE = 120.0
_PAUSE = 2.0


class DrainNode(Handler):
    """Args: region, name; optional: patience (seconds for budgets that forbid), uid.

    Daemons' pods, static pods and those that ended stay. A pod without a controller refuses the
    drain before anything is done: nobody would make it anew.
    """

    kind = KIND
    completes = True

    def check(self, args: Args) -> None:
        """Which node, and how patiently."""
        optional = {"patience": arguments.number(0, 3600), "uid": uid}
        arguments.check_arguments(KIND, args, ON_NODE, optional)

    def touches(self, args: Args) -> tuple[str, ...]:
        """The node and whatever runs on it."""
        return (where(args, NODE), f"{args['region']}: every pod on {args['name']}")

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To close the node, to list pods everywhere and to evict them."""
        return (
            *permission(args, NODE, "get", "patch"),
            *permission(args, POD, "list"),
            *permission(args, POD, "create", subresource="eviction"),
        )

    def loss(self, args: Args) -> str:
        """What still runs there."""
        return f"which pods still run on {args['name']} in {args['region']} is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether it is closed to new pods: what runs on it changes by itself."""
        return await nodes.observe(context, args)

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Open it again, if it was open; its pods run elsewhere by then."""
        if before["unschedulable"]:
            return None
        back = {"region": args["region"], "name": args["name"], "uid": before["uid"]}
        return Operation("uncordon_node", back, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Evict all, waiting for budgets no longer than the patience lasts."""
        args = operation.args
        for pod in await pods.on_node(context, args):
            pods.require_owner(pod, f"{args['region']}: pod {pods.named([pod])}")
        await nodes.close(context, args, key, True)
        clock = context.world.clock
        until = clock.boottime() + args.get("patience", _PATIENCE)
        asked: set[str] = set()
        while refused := await _evict(context, args, asked):
            if clock.boottime() >= until:
                raise Refused(
                    f"budgets forbid to end {pods.named([pod for pod, _ in refused])}:"
                    f" {refused[0][1].what}",
                    unchanged="those pods run on; the node is closed to new ones",
                    hint="infctl runs retry, when their other pods are ready; or undo",
                )
            await clock.sleep(_PAUSE)
        return {"evicted": len(asked)}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """It is closed, and nothing runs on it that had to go."""
        args = operation.args
        closed = await self.untouched(context, operation)
        left = await pods.on_node(context, args)
        if left:
            return not_yet(f"{where(args, NODE)} still has {pods.named(left)}")
        if closed.word is not Word.PASSED:
            return closed
        return passed(f"{where(args, NODE)} is closed, and its pods are gone")

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether nobody opened it since."""
        return await nodes.judge(context, operation.args, True)


async def _evict(context: Context, args: Args, asked: set[str]) -> list[tuple[Object, InfctlError]]:
    """Ask once for every pod that nobody asked for yet; those that a budget keeps, and why."""
    cluster = cluster_of(context, args["region"])
    refused: list[tuple[Object, InfctlError]] = []
    for pod in await pods.on_node(context, args):
        metadata = pod["metadata"]
        if metadata["uid"] in asked or metadata.get("deletionTimestamp"):
            continue
        try:
            await cluster.evict(metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except Conflict:
            continue  # The name is another pod's by now: that one is looked at in its turn.
        except Refused as error:
            refused.append((pod, error))
            continue
        asked.add(metadata["uid"])
    return refused
