"""Server-side apply of one object, and what it changed."""

import copy
from typing import Any

from infctl.engine.deploy.difference import same
from infctl.engine.deploy.results import Action, Change
from infctl.errors import Conflict, InfctlError, Unreachable
from infctl.platform.render.inventory import Reference
from infctl.ports.cluster import Cluster, Kind

Object = dict[str, Any]

_AUTOSCALER = "kube-controller-manager"
_OURS = "infctl"


async def apply_object(
    cluster: Cluster, manifest: Object, *, dry_run: bool = False, force: bool = False
) -> tuple[Change, Object | None, Object | None]:
    """Apply one manifest: the change, the object before, and the object after.

    A conflict or a refusal is the object's own result; a server that does not answer is raised.
    """
    reference = Reference.of(manifest)
    live = await read(cluster, reference)
    try:
        after = await _apply(cluster, fit(manifest, live), dry_run=dry_run, force=force)
    except Unreachable:
        raise
    except Conflict as conflict:
        return Change.of(reference, Action.CONFLICT, _explain(conflict)), live, None
    except InfctlError as error:
        return Change.of(reference, Action.FAILED, error.what), live, None
    return Change.of(reference, _action(live, after)), live, after


async def read(cluster: Cluster, reference: Reference) -> Object | None:
    """The live object, or None."""
    kind = Kind(reference.api_version, reference.kind)
    return await cluster.read(kind, reference.name, reference.namespace or None)


def fit(manifest: Object, live: Object | None) -> Object:
    """The manifest without replicas where an autoscaler sets them: they are its to decide."""
    if live is None or not scaled_by_autoscaler(live):
        return manifest
    fitted = copy.deepcopy(manifest)
    fitted["spec"].pop("replicas", None)
    return fitted


def scaled_by_autoscaler(live: Object) -> bool:
    """Whether the HorizontalPodAutoscaler's controller wrote the object's scale."""
    entries = live.get("metadata", {}).get("managedFields") or []
    return any(
        entry.get("subresource") == "scale" and entry.get("manager") == _AUTOSCALER
        for entry in entries
    )


async def _apply(cluster: Cluster, manifest: Object, *, dry_run: bool, force: bool) -> Object:
    try:
        return await cluster.apply(manifest, dry_run=dry_run, force=force)
    except Conflict as conflict:
        # What infctl itself changed since (a planned scaling) is not somebody else's.
        if conflict.managers and all(name.startswith(_OURS) for name in conflict.managers):
            return await cluster.apply(manifest, dry_run=dry_run, force=True)
        raise


def _explain(conflict: Conflict) -> str:
    if not conflict.managers:
        return conflict.what
    fields = f": {', '.join(conflict.fields)}" if conflict.fields else ""
    return f"owned by {', '.join(conflict.managers)}{fields}; --force-conflicts takes it over"


def _action(live: Object | None, after: Object) -> Action:
    """By content: a server may write its own defaults at the first apply after a creation."""
    if live is None:
        return Action.CREATED
    return Action.UNCHANGED if same(live, after) else Action.CHANGED
