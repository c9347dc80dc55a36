"""Keeps an autoscaler from taking pods away that a plan has asked for: KEDA's pause of scaling in.

Scaling out goes on. `HELD` tells that a plan of infctl did it, so that another may end it.
Source: https://keda.sh/docs/latest/concepts/scaling-deployments/#pausing-autoscaling
"""

from typing import Any

from infctl.engine import autoscaling
from infctl.engine.config_maps import cluster_of
from infctl.engine.handler import Args, Context, Handler, Permission
from infctl.engine.objects import require_object, require_same, where, write_fields
from infctl.ports.cluster import SCALED_OBJECT, Object

SCALE_IN = "autoscaling.keda.sh/paused-scale-in"
HELD = "infctl.dev/held"
HOLD = {SCALE_IN: "true", HELD: "true"}


class HoldingOperation(Handler):
    """Args: region, namespace, name; optional: uid. What holding and releasing have in common."""

    def check(self, args: Args) -> None:
        """Nothing but where it lies."""
        autoscaling.check(self.kind, args)

    def touches(self, args: Args) -> tuple[str, ...]:
        """One ScaledObject."""
        return (where(args, SCALED_OBJECT),)

    def permissions(self, args: Args) -> tuple[Permission, ...]:
        """To patch it, and to see its autoscaler."""
        return autoscaling.permissions(args)

    async def observe(self, context: Context, args: Args) -> Any:
        """The annotations as they are."""
        return await observe(context, args)


async def read(context: Context, args: Args) -> Object | None:
    """The ScaledObject; None where nothing scales by itself."""
    cluster = cluster_of(context, args["region"])
    return await cluster.read(SCALED_OBJECT, args["name"], args["namespace"])


async def observe(context: Context, args: Args) -> dict[str, Any]:
    """The uid and the two annotations; an empty uid where there is no ScaledObject."""
    return kept(await read(context, args))


def kept(found: Object | None) -> dict[str, Any]:
    """The uid and the two annotations, exactly."""
    if found is None:
        return {"uid": "", "annotations": {}}
    annotations = found["metadata"].get("annotations") or {}
    texts = {k: str(annotations[k]) for k in HOLD if k in annotations}
    return {"uid": found["metadata"]["uid"], "annotations": texts}


async def annotate(context: Context, args: Args, key: str, wanted: dict[str, str]) -> None:
    """Set the two annotations to just these, if the object is still as it was read."""
    found = await require_object(context, args, SCALED_OBJECT)
    now = kept(found)
    require_same(context, args, key, now, {"annotations": wanted}, where(args, SCALED_OBJECT))
    if now["annotations"] != wanted:
        patch = {"metadata": {"annotations": {k: wanted.get(k) for k in HOLD}}}
        await write_fields(context, args, SCALED_OBJECT, found, patch)


async def scales_in(context: Context, args: Args, found: Object) -> bool:
    """Whether its autoscaler, where there is one, may still take pods away."""
    scaler = await autoscaling.autoscaler(context, args, found)
    if scaler is None:
        return False
    behavior = scaler.get("spec", {}).get("behavior") or {}
    return (behavior.get("scaleDown") or {}).get("selectPolicy") != "Disabled"
