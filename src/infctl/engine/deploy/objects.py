"""Server-side apply of one object, and what it changed."""

import copy
from typing import Any

from infctl.engine.deploy.difference import same
from infctl.engine.deploy.results import Action, Change
from infctl.errors import Conflict, InfctlError, LeaseLost, Unreachable
from infctl.model.fence import STAMPS
from infctl.platform.render.inventory import Reference
from infctl.platform.render.naming import MANAGER
from infctl.ports.cluster import Cluster, Kind

Object = dict[str, Any]

_AUTOSCALERS = ("kube-controller-manager", "keda")
"""Who sets replicas by themselves: KEDA does so where a pause names a number, and at zero."""


async def apply_object(
    cluster: Cluster, manifest: Object, *, dry_run: bool = False, force: bool = False
) -> tuple[Change, Object | None, Object | None]:
    """Apply one manifest: the change, the object before, and the object after.

    What a dry run would leave as it is is not written: a write would stamp it with our fence.
    A conflict or a refusal is the object's own result; a server that does not answer is raised.
    """
    reference = Reference.of(manifest)
    live = await read(cluster, reference)
    wanted = fit(manifest, live)
    try:
        after = await _apply(cluster, wanted, dry_run=dry_run or live is not None, force=force)
        if live is not None and not dry_run and not is_stored(live, after):
            after = await _apply(cluster, wanted, dry_run=False, force=force)
    except (Unreachable, LeaseLost):
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
    """Whether the HorizontalPodAutoscaler's controller or KEDA wrote the object's scale."""
    entries = live.get("metadata", {}).get("managedFields") or []
    return any(
        entry.get("subresource") == "scale" and entry.get("manager") in _AUTOSCALERS
        for entry in entries
    )


def is_stored(live: Object, after: Object) -> bool:
    """Whether writing would change nothing: neither the content, nor which of it is ours."""
    return same(live, after) and owned(live) == owned(after)


def owned(found: Object) -> Any:
    """The fields that infctl's applies own, but for the stamps; None where none ever owned any."""
    for entry in found["metadata"].get("managedFields") or []:
        if (entry.get("manager"), entry.get("operation")) == (MANAGER, "Apply"):
            fields = copy.deepcopy(entry.get("fieldsV1", {}))
            metadata = fields.get("f:metadata", {})
            annotations = metadata.get("f:annotations", {})
            for name in STAMPS:
                annotations.pop(f"f:{name}", None)
            if set(annotations) <= {"."}:
                metadata.pop("f:annotations", None)
            return fields
    return None


async def _apply(cluster: Cluster, manifest: Object, *, dry_run: bool, force: bool) -> Object:
    try:
        return await cluster.apply(manifest, dry_run=dry_run, force=force)
    except Conflict as conflict:
        # What infctl itself changed since (a planned scaling) is not somebody else's.
        if conflict.managers and all(name.startswith(MANAGER) for name in conflict.managers):
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
