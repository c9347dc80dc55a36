"""Kinds of objects of one cluster as they are now, for who makes something of all of them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from infctl.lab.cluster import Cluster

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace, empty for what is cluster-wide, and name."""
Store = dict[Key, Object]
Complete = Callable[[str, Object], None]


def key(item: Object) -> Key:
    """Namespace and name of an object."""
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _as_it_is(kind: str, item: Object) -> None:
    del kind, item


class Follower:
    """Follows every kind of `paths` into its store.

    `only` are parameters of the watch of a kind; `complete` adds to the items of a list what those
    do not say of themselves.
    """

    def __init__(
        self,
        cluster: Cluster,
        paths: Mapping[str, str],
        stores: Mapping[str, Store],
        *,
        only: Mapping[str, Mapping[str, str]] | None = None,
        complete: Complete = _as_it_is,
    ) -> None:
        self._cluster = cluster
        self._paths = paths
        self._stores = stores
        self._only = only or {}
        self._complete = complete
        self._listed: set[str] = set()
        self._changed = asyncio.Event()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Follow until the tasks end."""
        for kind in self._paths:
            tasks.create_task(self._follow(kind))

    async def settled(self, debounce: float) -> None:
        """The end of the next burst of changes; none counts before all kinds were listed.

        An object that was not read yet is not one that is gone.
        """
        while True:
            await self._changed.wait()
            await asyncio.sleep(debounce)
            self._changed.clear()
            if len(self._listed) == len(self._paths):
                return

    def look_again(self, seconds: float) -> None:
        """As if something had changed, after so many seconds."""
        asyncio.get_running_loop().call_later(seconds, self._changed.set)

    async def _follow(self, kind: str) -> None:
        store = self._stores[kind]
        async for event, item in self._cluster.watch(self._paths[kind], **self._only.get(kind, {})):
            if event == "LISTED":
                store.clear()
                store.update({key(found): found for found in item.get("items") or []})
                for found in store.values():
                    self._complete(kind, found)
                self._listed.add(kind)
            elif event == "DELETED":
                store.pop(key(item), None)
            else:
                store[key(item)] = item
            self._changed.set()
