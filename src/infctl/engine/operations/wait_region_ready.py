"""wait_region_ready: a region's replicas are ready as many as are wanted."""

from infctl.engine.handler import Context, Handler, blind, not_yet, passed
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import DEPLOYMENT


class WaitRegionReady(Handler):
    """Args: region, namespace, name."""

    kind = "wait_region_ready"
    changes = False
    reversible = False

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Read the Deployment; what it says must be of its newest generation."""
        args = operation.args
        cluster = context.world.clusters[args["region"]]
        found = await cluster.read(DEPLOYMENT, args["name"], args["namespace"])
        if found is None:
            return blind(f"{args['region']} has no Deployment {args['name']}")
        wanted = int(found.get("spec", {}).get("replicas", 1))
        status = found.get("status", {})
        ready = int(status.get("readyReplicas") or 0)
        generation = found.get("metadata", {}).get("generation", 0)
        is_current = int(status.get("observedGeneration") or 0) >= int(generation)
        sentence = f"{args['region']}: {ready} of {wanted} replicas ready"
        is_ready = is_current and ready >= wanted and ready > 0
        return passed(sentence) if is_ready else not_yet(sentence)
