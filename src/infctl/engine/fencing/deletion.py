"""Deletes what was marked with a fence before, since a deletion itself carries none."""

from infctl.engine.fencing.stamps import is_as_it_was
from infctl.errors import Conflict, InfctlError
from infctl.ports.cluster import Cluster, Kind, Object

_ATTEMPTS = 5


async def mark_and_delete(
    cluster: Cluster, kind: Kind, name: str, namespace: str | None, mark: Object
) -> None:
    """Mark by a merge patch, then delete; Conflict where more than the status changed between."""
    marked: Object | None = None
    try:
        marked = await cluster.merge(kind, name, namespace, mark)
    except InfctlError:
        if await cluster.read(kind, name, namespace) is not None:
            raise
    if marked is not None:
        await _delete(cluster, kind, name, namespace, marked)


async def _delete(
    cluster: Cluster, kind: Kind, name: str, namespace: str | None, marked: Object
) -> None:
    found: Object | None = marked
    for attempt in range(1, _ATTEMPTS + 1):
        metadata = (found or marked)["metadata"]
        uid, version = metadata["uid"], metadata["resourceVersion"]
        try:
            await cluster.delete(kind, name, namespace, uid=uid, resource_version=version)
        except Conflict:
            found = await cluster.read(kind, name, namespace)
            if found is None:
                return
            if attempt == _ATTEMPTS or not is_as_it_was(marked, found):
                raise
        else:
            return
