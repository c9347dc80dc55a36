"""wait_region_ready: a region's replicas are ready as many as are wanted."""

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, blind, not_yet, passed
from infctl.engine.objects import PLACE, read_object
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import DEPLOYMENT


class WaitRegionReady(Handler):
    """Args: region, namespace, name."""

    kind = "wait_region_ready"
    changes = False
    reversible = False

    def check(self, args: Args) -> None:
        """Which Deployment."""
        arguments.check_arguments(self.kind, args, PLACE)

    def touches(self, args: Args) -> tuple[str, ...]:
        """It only reads."""
        del args
        return ()

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Read the Deployment; what it says must be of its newest generation."""
        args = operation.args
        found = await read_object(context, args, DEPLOYMENT)
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
