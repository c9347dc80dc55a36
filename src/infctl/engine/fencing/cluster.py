"""A cluster as the holder of one fence writes to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeVar

from infctl.engine.fencing.deletion import mark_and_delete
from infctl.engine.fencing.granting import Granting, grant, is_of_the_fence, overtaken
from infctl.engine.fencing.stamps import conflict_of_others, stamped, stamps
from infctl.errors import Conflict, LeaseLost, Refused
from infctl.model import fence
from infctl.ports.clock import Clock
from infctl.ports.cluster import CONFIG_MAP, Cluster, Event, Kind, Object

T = TypeVar("T")
_BRINGS_THE_FENCE = ("ValidatingAdmissionPolicyBinding", fence.POLICY_NAME)


class FencedCluster:
    """Stamps every write; reads pass through.

    Before its first write it raises the cluster's fence and sees an older one refused; where it
    cannot, it says so once and goes on. Raises LeaseLost where a newer fence was granted.
    """

    def __init__(
        self, cluster: Cluster, number: int, run: str, clock: Clock, tell: Callable[[str], None]
    ) -> None:
        self.region = cluster.region
        self.fence = number
        self._cluster = cluster
        self._stamps = stamps(number, run)
        self._clock = clock
        self._tell = tell
        self._granting = asyncio.Lock()
        self._granted: Granting | None = None
        self._is_told = False

    @property
    def problem(self) -> str:
        """Why older holders may still write here; empty where they cannot, or before any write."""
        if self._granted is None or not self._granted.problem:
            return ""
        why = self._granted.problem
        return f"{self.region} {why}: writes of an older holder remain possible there"

    async def version(self) -> str:
        """The server's version."""
        return await self._cluster.version()

    async def kinds(self) -> frozenset[Kind]:
        """Every kind that the server knows."""
        return await self._cluster.kinds()

    async def list(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> list[Object]:
        """All objects of a kind."""
        return await self._cluster.list(kind, namespace, selector)

    async def read(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None."""
        return await self._cluster.read(kind, name, namespace)

    async def can(
        self, verb: str, kind: Kind, namespace: str | None = None, *, subresource: str = ""
    ) -> bool:
        """Whether the API server lets us."""
        return await self._cluster.can(verb, kind, namespace, subresource=subresource)

    def watch(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> AsyncIterator[Event]:
        """List, then follow."""
        return self._cluster.watch(kind, namespace, selector)

    async def close(self) -> None:
        """Give back the connections."""
        await self._cluster.close()

    async def apply(
        self, manifest: Object, *, dry_run: bool = False, force: bool = False
    ) -> Object:
        """Server-side apply with our stamps; those of another write of infctl are taken over."""
        wanted = stamped(manifest, self._stamps)

        async def act() -> Object:
            try:
                return await self._cluster.apply(wanted, dry_run=dry_run, force=force)
            except Conflict as conflict:
                if others := conflict_of_others(conflict):
                    raise others from conflict
            return await self._take_over_stamps(wanted, dry_run=dry_run, force=force)

        done = await self._write(act, dry_run=dry_run)
        if (manifest["kind"], manifest["metadata"]["name"]) == _BRINGS_THE_FENCE and not dry_run:
            self._granted = None
        return done

    async def _take_over_stamps(self, wanted: Object, *, dry_run: bool, force: bool) -> Object:
        """Apply where another write of infctl owns the stamps, and nobody the rest.

        Force is for what cannot have changed since; else somebody's edit could be written over.
        """
        metadata = wanted["metadata"]
        if dry_run or metadata.get("resourceVersion"):
            return await self._cluster.apply(wanted, dry_run=dry_run, force=True)
        held = {"uid": metadata["uid"]} if metadata.get("uid") else {}
        patch = stamped({"metadata": held}, self._stamps)
        place = metadata["name"], metadata.get("namespace")
        await self._cluster.merge(Kind.of(wanted), *place, patch)
        return await self._cluster.apply(wanted, force=force)

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, *, dry_run: bool = False
    ) -> Object:
        """JSON merge patch with our stamps."""
        wanted = stamped(patch, self._stamps)
        return await self._write(
            lambda: self._cluster.merge(kind, name, namespace, wanted, dry_run=dry_run),
            dry_run=dry_run,
        )

    async def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create one object with our stamps."""
        wanted = stamped(manifest, self._stamps)
        return await self._write(
            lambda: self._cluster.create(wanted, dry_run=dry_run), dry_run=dry_run
        )

    async def evict(
        self,
        name: str,
        namespace: str,
        *,
        uid: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Ask the Eviction API, with our stamps on the Eviction."""
        wanted = {**(annotations or {}), **self._stamps}
        await self._write(lambda: self._cluster.evict(name, namespace, uid=uid, annotations=wanted))

    async def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """Stamp the object, then delete what was stamped: a deletion itself carries no fence."""
        held = {"uid": uid, "resourceVersion": resource_version}
        found = await self._cluster.read(kind, name, namespace)
        if found is None or found["metadata"].get("deletionTimestamp"):
            return
        held["uid"] = uid or found["metadata"]["uid"]
        marks = {**self._stamps, fence.DELETING: self._stamps[fence.RUN]}
        patch = stamped({"metadata": {k: v for k, v in held.items() if v}}, marks)
        await self._write(lambda: mark_and_delete(self._cluster, kind, name, namespace, patch))

    async def settle(self) -> None:
        """Raise the fence here now, as before a first write."""
        async with self._granting:
            if self._granted is not None and self._granted.is_final:
                return
            self._granted = await grant(self._cluster, self.fence, self._clock)
            if self.problem and not self._is_told:
                self._is_told = True
                self._tell(self.problem)

    async def _write(self, act: Callable[[], Awaitable[T]], *, dry_run: bool = False) -> T:
        if not dry_run:
            await self.settle()
        try:
            return await act()
        except Refused as refusal:
            if is_of_the_fence(refusal):
                raise await self._explain(refusal) from refusal
            raise

    async def _explain(self, refusal: Refused) -> Refused | LeaseLost:
        """LeaseLost where the cluster keeps a newer fence; the refusal itself where it does not."""
        found = await self._cluster.read(CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM)
        newest = fence.granted(found)
        return overtaken(self.region, self.fence, newest) if newest > self.fence else refusal
