"""The HorizontalPodAutoscalers that ScaledObjects own: as last seen, made, changed, removed."""

from collections.abc import Callable

from infctl.lab.autoscaler.horizontal import MANAGED_BY, differs, make_autoscaler
from infctl.lab.autoscaler.scaled import Scaled
from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.cluster import Cluster, ClusterError

_GROUP = "/apis/autoscaling/v2"
_CONFLICT = 409
Key = tuple[str, str]


class Autoscalers:
    """Follows those that are ours, so that looking at one costs nothing."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._seen: dict[Key, Object] = {}
        self.when_gone: Callable[[Key], None] = lambda _: None

    def find(self, namespace: str, name: str) -> Object | None:
        """One as it was seen last."""
        return self._seen.get((namespace, name))

    async def follow(self) -> None:
        """Follow them for ever; the owner of one that is deleted hears of it."""
        selector = ",".join(f"{k}={v}" for k, v in MANAGED_BY.items())
        path = f"{_GROUP}/horizontalpodautoscalers"
        async for kind, item in self._cluster.watch(path, labelSelector=selector):
            if kind == "LISTED":
                self._seen = {_key(found): found for found in item.get("items") or []}
            elif kind == "DELETED":
                self._seen.pop(_key(item), None)
                self._tell_owner(item)
            else:
                self._seen[_key(item)] = item

    def _tell_owner(self, item: Object) -> None:
        namespace = item["metadata"]["namespace"]
        for owner in item["metadata"].get("ownerReferences") or ():
            if owner["kind"] == "ScaledObject":
                self.when_gone((namespace, owner["name"]))

    async def ensure(self, item: Object, wanted: Scaled, *, is_new: bool) -> None:
        """Have one as it is wanted; `is_new` if its owner changed since it was ensured last."""
        made = make_autoscaler(item, wanted)
        found = self.find(wanted.namespace, wanted.autoscaler)
        if found is not None and not is_new and not differs(found, made):
            return
        path = f"{_GROUP}/namespaces/{wanted.namespace}/horizontalpodautoscalers"
        if found is None:
            try:
                created = await self._cluster.create(path, made)
                self._seen.setdefault(_key(created), created)
                return
            except ClusterError as error:
                if error.status != _CONFLICT:
                    raise
        await self._cluster.replace(f"{path}/{wanted.autoscaler}", made)

    async def remove(self, namespace: str, name: str) -> None:
        """Delete one; one that is gone already is no error."""
        path = f"{_GROUP}/namespaces/{namespace}/horizontalpodautoscalers/{name}"
        await self._cluster.delete(path)


def _key(item: Object) -> Key:
    return item["metadata"]["namespace"], item["metadata"]["name"]
