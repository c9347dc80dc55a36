"""delete_pod: end one pod whatever the disruption budgets say: they are for evictions alone."""

from infctl.engine.config_maps import cluster_of
from infctl.engine.ending_pod import EndingPod
from infctl.engine.handler import Args, Context, Permission
from infctl.engine.objects import permission
from infctl.ports.cluster import POD


class DeletePod(EndingPod):
    """Args: region, namespace, name; optional: uid."""

    kind = "delete_pod"

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To mark it with our fence, and to delete it."""
        return permission(args, POD, "get", "patch", "delete")

    async def end(self, context: Context, args: Args, meant: str) -> None:
        """Delete it, with its own grace period."""
        cluster = cluster_of(context, args["region"])
        await cluster.delete(POD, args["name"], args["namespace"], uid=meant)
