"""ConfigMaps that operations keep: read, written with preconditions, removed, in one region."""

from collections.abc import Mapping
from typing import Any

from infctl.engine.handler import Args, Context
from infctl.engine.writers import others_of
from infctl.errors import Conflict, Refused
from infctl.model.run import StepState
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object

MADE = "infctl.dev/made-by"
"""The annotation that names the run which made a ConfigMap."""
NOT_OBSERVED = object()
"""Where a step's state from before is not known: outside of a run, or when it is taken back."""


def cluster_of(context: Context, region: str) -> Cluster:
    """The region's cluster; Refused where the environment has none."""
    cluster = context.world.clusters.get(region)
    if cluster is None:
        raise Refused(f"there is no cluster for {region}", hint="infctl status")
    return cluster


async def read_data(context: Context, args: Args, name: str) -> dict[str, str] | None:
    """The texts of a ConfigMap in the operation's region and namespace; None without one."""
    found = await read_map(context, args, name)
    return None if found is None else texts_of(found)


async def read_map(context: Context, args: Args, name: str) -> Object | None:
    """The ConfigMap itself."""
    cluster = cluster_of(context, args["region"])
    return await cluster.read(CONFIG_MAP, name, args["namespace"])


def texts_of(found: Object) -> dict[str, str]:
    """Its data, tolerant of what others may have put there."""
    data = found.get("data")
    return {str(k): str(v) for k, v in data.items()} if isinstance(data, Mapping) else {}


async def write_data(
    context: Context, args: Args, name: str, found: Object | None, data: Mapping[str, Any]
) -> None:
    """Put texts into a ConfigMap, if it still is as `found` says; a key of None is taken out."""
    cluster = cluster_of(context, args["region"])
    if found is None:
        named = {"name": name, "namespace": args["namespace"]}
        metadata = {**named, "annotations": {MADE: context.run}}
        texts = {k: v for k, v in data.items() if v is not None}
        await cluster.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": texts}
        )
        return
    metadata = {k: found["metadata"][k] for k in ("uid", "resourceVersion")}
    await cluster.merge(
        CONFIG_MAP, name, args["namespace"], {"metadata": metadata, "data": dict(data)}
    )


def is_ours_alone(context: Context, found: Object | None) -> bool:
    """Whether this run made the ConfigMap, and nobody but infctl ever wrote to it."""
    metadata = {} if found is None else found["metadata"]
    is_made_here = (metadata.get("annotations") or {}).get(MADE) == context.run
    return is_made_here and not others_of(metadata)


async def remove_map(context: Context, args: Args, name: str, found: Object | None) -> None:
    """Delete a ConfigMap, if it still is the one that was read."""
    if found is None:
        return
    metadata = found["metadata"]
    await cluster_of(context, args["region"]).delete(
        CONFIG_MAP,
        name,
        args["namespace"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
    )


def require_as_before(context: Context, key: str, now: Any, wanted: Any, what: str) -> None:
    """Conflict where something is neither as the intent's record says nor as wanted already."""
    before = before_of(context, key)
    if before is NOT_OBSERVED or now in (before, wanted):
        return
    raise Conflict(
        f"{what} was changed by somebody else since it was read",
        unchanged="nothing was written",
        hint="infctl runs retry, when it is clear who changed it",
    )


def before_of(context: Context, key: str) -> Any:
    """What a step's own record says was there before its act."""
    step_id = key.removeprefix(f"{context.run}/")
    seen = next((s for s in context.view().steps if s.id == step_id), None)
    if seen is None or seen.state is not StepState.RUNNING or not seen.intent:
        return NOT_OBSERVED
    return seen.before
