"""A region's Kubernetes API, in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infctl.errors import Conflict, InfctlError, Unreachable
from infctl.fakes import fences, ownership
from infctl.fakes.controllers import Controller, program, roll_out
from infctl.fakes.endpoint import Endpoint
from infctl.fakes.evictions import refuse_eviction
from infctl.fakes.kinds import CLUSTER_WIDE, KINDS, SELF_REVIEW
from infctl.fakes.patches import merge
from infctl.fakes.plain import copied
from infctl.fakes.selectors import matches
from infctl.fakes.storage import Change, Key, Storage, Stored, differs, stamp
from infctl.ports.cluster import DISRUPTION_BUDGET, NAMESPACE, POD, Event, Kind, Object

MANAGER = "infctl"
_RETRY_SECONDS = 0.02


@dataclass
class FakeCluster:
    """Owners, preconditions, dry run and watches as the real one; no validation, and of admission
    the fence alone, once its ConfigMap is there; `fenced=False` is a cluster without the policies.

    `controllers` write the status of what is applied: by default Deployments and Gateways are
    ready at once; without controllers they never are.
    """

    region: str
    known: frozenset[Kind] = KINDS
    controllers: list[Controller] = field(default_factory=lambda: [roll_out, program("192.0.2.1")])
    storage: Storage = field(default_factory=Storage)
    forbidden: set[tuple[str, Kind]] = field(default_factory=set)
    username: str = "tester"
    fenced: bool = True
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(f"the Kubernetes API of {self.region}")
        for name in ("default", "kube-system"):
            self._create((NAMESPACE, "", name))

    async def version(self) -> str:
        """The version that the fake is modelled on."""
        await self.endpoint.answer()
        return "v1.37.2"

    async def kinds(self) -> frozenset[Kind]:
        """Every kind that it was told to know."""
        await self.endpoint.answer()
        return self.known

    async def list(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> list[Object]:
        """All objects of a kind."""
        await self.endpoint.answer()
        if kind not in self.known:
            raise self._unknown(kind)
        return [o for o in self.storage.find(kind, namespace) if _selected(o, selector)]

    async def read(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None."""
        await self.endpoint.answer()
        stored = self.storage.objects.get(_key(kind, namespace, name))
        if stored is None:
            return None
        return _with_owners(copied(stored.object), stored.owners)

    async def apply(
        self, manifest: Object, *, dry_run: bool = False, force: bool = False
    ) -> Object:
        """Server-side apply with infctl's field manager."""
        return await self.apply_as(MANAGER, manifest, dry_run=dry_run, force=force)

    async def apply_as(
        self, manager: str, manifest: Object, *, dry_run: bool = False, force: bool = False
    ) -> Object:
        """The same for any manager: what others do to our objects."""
        await self.endpoint.answer()
        metadata = manifest["metadata"]
        key = _key(Kind.of(manifest), metadata.get("namespace"), metadata["name"])
        self._check_place(key)
        stored = self.storage.objects.get(key)
        held = {k: v for k, v in metadata.items() if k in ("uid", "resourceVersion")}
        if stored:
            _check(key, stored.object, held)
        elif "uid" in held:
            raise Conflict(f"{self.region}: {key[0].kind} {key[2]} is there no more")
        live = stored.object if stored else _empty(key)
        owners = stored.owners if stored else {}
        after, owners = ownership.apply(live, owners, manifest, manager, force=force)
        found = self._store(key, stored, after, owners, dry_run=dry_run, manager=manager)
        return _with_owners(found, owners)

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, *, dry_run: bool = False
    ) -> Object:
        """JSON merge patch with preconditions, by infctl."""
        await self.endpoint.answer()
        key = _key(kind, namespace, name)
        stored = self._existing(key)
        before = stored.object
        _check(key, before, patch.get("metadata") or {})
        after = merge(before, patch)
        owners = ownership.update(before, after, stored.owners, MANAGER)
        return self._store(key, stored, after, owners, dry_run=dry_run)

    async def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create one object by infctl; Conflict where the name is taken."""
        await self.endpoint.answer()
        if Kind.of(manifest) == SELF_REVIEW:
            return {**manifest, "status": {"userInfo": {"username": self.username}}}
        metadata = manifest["metadata"]
        key = _key(Kind.of(manifest), metadata.get("namespace"), metadata["name"])
        self._check_place(key)
        if key in self.storage.objects:
            raise Conflict(f"{self.region}: {key[0].kind} {key[2]} already exists")
        live = _empty(key)
        after = merge(live, manifest)
        owners = ownership.update(live, after, {}, MANAGER)
        return self._store(key, None, after, owners, dry_run=dry_run)

    async def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """Delete one object, and with a namespace all that is in it."""
        await self.endpoint.answer()
        key = _key(kind, namespace, name)
        if key not in self.storage.objects:
            return
        wanted = {"uid": uid, "resourceVersion": resource_version}
        found = self.storage.objects[key].object
        _check(key, found, wanted)
        fences.refuse_deletion(self._fence(), found, wanted)
        if key == fences.FENCE_KEY and self.fenced:
            fences.guard(found, None)
        inside = [k for k in self.storage.objects if kind == NAMESPACE and k[1] == name]
        for gone in [*inside, key]:
            self.storage.remove(gone)

    async def evict(
        self,
        name: str,
        namespace: str,
        *,
        uid: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """End a pod where the disruption budgets allow it."""
        await self.endpoint.answer()
        key = _key(POD, namespace, name)
        stored = self.storage.objects.get(key)
        if stored is None:
            return
        fences.refuse_eviction(self._fence(), annotations)
        _check(key, stored.object, {"uid": uid})
        pods = self.storage.find(POD, namespace)
        refuse_eviction(stored.object, pods, self.storage.find(DISRUPTION_BUDGET, namespace))
        self.storage.remove(key)

    async def can(
        self, verb: str, kind: Kind, namespace: str | None = None, *, subresource: str = ""
    ) -> bool:
        """Whatever was not put into `forbidden` as (verb, kind)."""
        del namespace, subresource
        await self.endpoint.answer()
        return kind in self.known and (verb, kind) not in self.forbidden

    async def watch(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> AsyncIterator[Event]:
        """List, then follow; lists again after `forget`, and when it answers again."""
        while True:
            try:
                items = await self.list(kind, namespace, selector)
                place, epoch = len(self.storage.history), self.storage.forgotten
                yield Event("LISTED", {"items": items})
                while epoch == self.storage.forgotten:
                    changed = self.storage.changed
                    new = self.storage.history[place:]
                    place += len(new)
                    for event in _events(new, kind, namespace, selector):
                        yield event
                    if place == len(self.storage.history):
                        await changed.wait()
            except Unreachable:
                await asyncio.sleep(_RETRY_SECONDS)

    async def write_status(self, kind: Kind, name: str, namespace: str, status: Object) -> Object:
        """The status of an object, as its controller or kubelet writes it."""
        await self.endpoint.answer()
        key = _key(kind, namespace, name)
        stored = self._existing(key)
        return self.storage.write(key, {**copied(stored.object), "status": status}, stored.owners)

    def forget(self) -> None:
        """As a server that lost its history (410): every watch lists again."""
        self.storage.forget()

    async def close(self) -> None:
        """There is nothing to give back."""

    def _fence(self) -> Object | None:
        """The ConfigMap of the newest fence, where the cluster compares writes with it."""
        found = self.storage.objects.get(fences.FENCE_KEY)
        return found.object if found and self.fenced else None

    def _store(
        self,
        key: Key,
        stored: Stored | None,
        after: Object,
        owners: Any,
        *,
        dry_run: bool,
        manager: str = MANAGER,
    ) -> Object:
        before = stored.object if stored else None
        if manager == MANAGER:
            fences.refuse_write(self._fence(), before, after, dry_run=dry_run)
        if key == fences.FENCE_KEY and self.fenced:
            fences.guard(before, after)
        if not differs(before, after) and stored and owners == stored.owners:
            return copied(stored.object)
        stamp(after, before, owners)
        if dry_run:
            return copied(after)
        for controller in self.controllers:
            controller(after)
        return self.storage.write(key, after, owners)

    def _create(self, key: Key) -> None:
        found = _empty(key)
        stamp(found, None, {})
        self.storage.write(key, found, {})

    def _check_place(self, key: Key) -> None:
        kind, namespace, name = key
        if kind not in self.known:
            raise self._unknown(kind)
        if kind not in CLUSTER_WIDE and (NAMESPACE, "", namespace) not in self.storage.objects:
            raise InfctlError(f"{self.region}: there is no namespace {namespace} for {name}")

    def _existing(self, key: Key) -> Stored:
        if key not in self.storage.objects:
            raise InfctlError(f"{self.region}: there is no {key[0].kind} {key[2]}")
        return self.storage.objects[key]

    def _unknown(self, kind: Kind) -> InfctlError:
        return InfctlError(
            f"{self.region}: the cluster does not know {kind.kind} ({kind.api_version})"
        )


def _with_owners(found: Object, owners: Any) -> Object:
    """What is read or applied says who owns which of its fields; nobody asks that of the rest."""
    fields = ownership.managed_fields(owners, found["apiVersion"])
    found["metadata"]["managedFields"] = fields
    return found


def _key(kind: Kind, namespace: str | None, name: str) -> Key:
    place = "" if kind in CLUSTER_WIDE else namespace or "default"
    return kind, place, name


def _empty(key: Key) -> Object:
    kind, namespace, name = key
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}


def _check(key: Key, found: Object, wanted: Object) -> None:
    for name in ("uid", "resourceVersion"):
        if wanted.get(name) not in (None, found["metadata"][name]):
            raise Conflict(
                f"{key[0].kind} {key[2]} is not the one that was read: its {name} is new"
            )


def _events(
    changes: list[Change], kind: Kind, namespace: str | None, selector: str
) -> Iterator[Event]:
    """What a watch with this selector sees: objects can come into it and leave it."""
    for change in changes:
        if change.key[0] != kind or namespace not in (None, change.key[1]):
            continue
        was, is_now = (_selected(o, selector) for o in (change.before, change.after))
        if is_now and change.after:
            yield Event("MODIFIED" if was else "ADDED", copied(change.after))
        elif was and (last := change.after or change.before):
            yield Event("DELETED", copied(last))


def _selected(found: Object | None, selector: str) -> bool:
    return found is not None and matches(selector, found["metadata"].get("labels") or {})
