"""scale_deployment: set a Deployment's replicas and wait until they are ready."""

from typing import Any

from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.errors import Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import DEPLOYMENT, Object

KIND = "scale_deployment"


class ScaleDeployment(Handler):
    """Args: region, namespace, name, replicas.

    The parent's spec.replicas is patched, since admission policies see no annotations on `scale`.
    """

    kind = KIND

    async def observe(self, context: Context, args: Args) -> Any:
        """The replicas that are wanted now."""
        return int((await _read(context, args)).get("spec", {}).get("replicas", 1))

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Back to the replicas from before."""
        if before == args["replicas"]:
            return None
        return Operation(KIND, {**args, "replicas": before}, region=args["region"])

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Patch, if the object is still the one that was read."""
        del key
        args = operation.args
        found = await _read(context, args)
        precondition = {
            name: found["metadata"][name]
            for name in ("uid", "resourceVersion")
            if name in found.get("metadata", {})
        }
        patch = {"metadata": precondition, "spec": {"replicas": args["replicas"]}}
        cluster = context.world.clusters[args["region"]]
        await cluster.merge(DEPLOYMENT, args["name"], args["namespace"], patch)
        return {"replicas": args["replicas"]}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """As many replicas ready as wanted."""
        args = operation.args
        found = await _read(context, args)
        wanted = found.get("spec", {}).get("replicas")
        if wanted != args["replicas"]:
            return not_yet(f"{args['region']}: {wanted} replicas wanted, not {args['replicas']}")
        ready = int(found.get("status", {}).get("readyReplicas") or 0)
        sentence = f"{args['region']}: {ready} of {wanted} replicas ready"
        return passed(sentence) if ready >= args["replicas"] else not_yet(sentence)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether nobody wanted another number since."""
        wanted = await self.observe(context, operation.args)
        if wanted == operation.args["replicas"]:
            return passed()
        return not_yet(f"{wanted} replicas are wanted now")


async def _read(context: Context, args: Args) -> Object:
    cluster = context.world.clusters.get(args["region"])
    if cluster is None:
        raise Refused(f"there is no cluster for {args['region']}")
    found = await cluster.read(DEPLOYMENT, args["name"], args["namespace"])
    if found is None:
        raise Refused(f"{args['region']} has no Deployment {args['namespace']}/{args['name']}")
    return found
