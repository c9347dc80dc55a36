"""evict_pod: end one pod where the disruption budgets allow it."""

from infctl.engine.config_maps import cluster_of
from infctl.engine.ending_pod import EndingPod
from infctl.engine.handler import Args, Context, Permission
from infctl.engine.objects import permission
from infctl.ports.cluster import POD


class EvictPod(EndingPod):
    """Args: region, namespace, name; optional: uid."""

    kind = "evict_pod"

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To create evictions."""
        return (
            *permission(args, POD, "get"),
            *permission(args, POD, "create", subresource="eviction"),
        )

    async def end(self, context: Context, args: Args, meant: str) -> None:
        """Ask the Eviction API; Refused where a budget forbids it now."""
        cluster = cluster_of(context, args["region"])
        await cluster.evict(args["name"], args["namespace"], uid=meant)
