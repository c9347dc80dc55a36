"""KEDA's pausing of a ScaledObject: two annotations, and the autoscaler that goes with them.

Source: https://keda.sh/docs/latest/concepts/scaling-deployments/#pausing-autoscaling
"""

from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import cluster_of
from infctl.engine.handler import Args, Context, Permission
from infctl.engine.objects import (
    PLACE,
    permission,
    require_object,
    require_same,
    uid,
    where,
    write_fields,
)
from infctl.ports.cluster import SCALED_OBJECT, Kind, Object

PAUSED = "autoscaling.keda.sh/paused"
REPLICAS = "autoscaling.keda.sh/paused-replicas"
AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler")
_annotation: arguments.Rule = arguments.text(64)


def exactly(value: Any) -> str:
    """The rule for annotations that have to be just so: those left out have to be absent."""
    return arguments.mapping_of(_annotation, least=0, keys=arguments.one_of(PAUSED, REPLICAS))(
        value
    )


def check(kind: str, args: Args, **optional: arguments.Rule) -> None:
    """What pausing and resuming have in common."""
    arguments.check_arguments(kind, args, PLACE, {"uid": uid, **optional})


def permissions(args: Args) -> tuple[Permission, ...]:
    """To patch the ScaledObject, and to see its autoscaler."""
    return (
        *permission(args, SCALED_OBJECT, "get", "patch"),
        *permission(args, AUTOSCALER, "get"),
    )


async def observe(context: Context, args: Args) -> dict[str, Any]:
    """The pausing annotations as they are, and whether an autoscaler is at work."""
    found = await require_object(context, args, SCALED_OBJECT)
    return {**kept(found), "scaled": await autoscaler(context, args, found) is not None}


def kept(found: Object) -> dict[str, Any]:
    """The uid, and the pausing annotations, exactly."""
    annotations = found["metadata"].get("annotations") or {}
    texts = {k: str(annotations[k]) for k in (PAUSED, REPLICAS) if k in annotations}
    return {"uid": found["metadata"]["uid"], "annotations": texts}


async def autoscaler(context: Context, args: Args, found: Object) -> Object | None:
    """The HorizontalPodAutoscaler that KEDA keeps for it, and deletes while it is paused."""
    name = found.get("status", {}).get("hpaName") or f"keda-hpa-{args['name']}"
    return await cluster_of(context, args["region"]).read(AUTOSCALER, name, args["namespace"])


async def annotate(context: Context, args: Args, key: str, wanted: dict[str, str]) -> None:
    """Set the pausing annotations to just these, if the object is still as it was read."""
    found = await require_object(context, args, SCALED_OBJECT)
    now = kept(found)
    require_same(context, args, key, now, {"annotations": wanted}, where(args, SCALED_OBJECT))
    if now["annotations"] != wanted:
        texts = {k: wanted.get(k) for k in (PAUSED, REPLICAS)}
        patch = {"metadata": {"annotations": texts}}
        await write_fields(context, args, SCALED_OBJECT, found, patch)
