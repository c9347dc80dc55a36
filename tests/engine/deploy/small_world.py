"""Tiny in-memory ports for deployments: what is applied becomes ready at once, unless told so."""

import asyncio
import copy
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from infctl.errors import Conflict, Unreachable
from infctl.platform import Platform
from infctl.platform.render.region import render_region
from infctl.ports.cloud import CloudState, HealthCheck, Record
from infctl.ports.cluster import Event, Kind
from infctl.ports.world import World

Object = dict[str, Any]
Key = tuple[str, str, str, str]


class SmallCluster:
    """Objects in a dict; `foreign` names the manager of an object that is not ours."""

    def __init__(self, region: str, address: str) -> None:
        self.region = region
        self.address = address
        self.objects: dict[Key, Object] = {}
        self.unknown: set[str] = set()
        self.foreign: dict[str, str] = {}
        self.never_ready = False
        self.dead = False
        self.writes = 0
        self._version = 0
        self._known: frozenset[Kind] = frozenset()

    def knows(self, platform: Platform) -> None:
        manifests = render_region(platform, self.region).manifests(platform)
        self._known = frozenset(Kind.of(m) for m in manifests)

    async def version(self) -> str:
        return "v1.37.2"

    async def kinds(self) -> frozenset[Kind]:
        self._answer()
        return frozenset(k for k in self._known if k.kind not in self.unknown)

    async def list(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> list[Object]:
        return [o for o in self.objects.values() if Kind.of(o) == kind]

    async def read(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        self._answer()
        found = self.objects.get((kind.api_version, kind.kind, namespace or "", name))
        return copy.deepcopy(found)

    async def apply(
        self, manifest: Object, *, dry_run: bool = False, force: bool = False
    ) -> Object:
        self._answer()
        metadata = manifest["metadata"]
        key = (
            manifest["apiVersion"],
            manifest["kind"],
            metadata.get("namespace", ""),
            metadata["name"],
        )
        if (owner := self.foreign.get(f"{key[1]}/{key[3]}")) and not force:
            raise Conflict(f"{owner} owns .spec", managers=(owner,), fields=(".spec",))
        before = self.objects.get(key)
        after = _merge(before or {}, manifest)
        if after == before:
            return copy.deepcopy(after)
        if dry_run:
            return after
        self.writes += 1
        self._version += 1
        after["metadata"] |= {"resourceVersion": str(self._version), "uid": f"u{self._version}"}
        self._control(after)
        self.objects[key] = after
        return copy.deepcopy(after)

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, *, dry_run: bool = False
    ) -> Object:
        raise NotImplementedError

    async def delete(
        self, kind: Kind, name: str, namespace: str | None = None, *, uid: str | None = None
    ) -> None:
        self.writes += 1
        self.objects.pop((kind.api_version, kind.kind, namespace or "", name), None)

    async def watch(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> AsyncIterator[Event]:
        yield Event("LISTED", {"items": await self.list(kind, namespace)})
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass

    def _answer(self) -> None:
        if self.dead:
            raise Unreachable(f"{self.region}: no answer within 2 s")

    def _control(self, found: Object) -> None:
        if self.never_ready:
            return
        if found["kind"] == "Deployment":
            counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
            status: Object = dict.fromkeys(counts, found["spec"]["replicas"])
            found["status"] = {**status, "observedGeneration": 1}
        if found["kind"] == "Gateway":
            programmed = {"type": "Programmed", "status": "True"}
            addresses = [{"type": "IPAddress", "value": self.address}]
            found["status"] = {"conditions": [programmed], "addresses": addresses}


class SmallStore:
    """Buckets in a dict."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.content: dict[str, dict[str, bytes]] = {}
        self.public: set[str] = set()
        self.writes = 0

    async def ensure_bucket(self, bucket: str, *, public_read: bool = False) -> None:
        self.writes += 1
        self.content.setdefault(bucket, {})
        if public_read:
            self.public.add(bucket)

    async def buckets(self) -> list[str]:
        return list(self.content)

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        self.writes += 1
        self.content[bucket][key] = body

    async def get(self, bucket: str, key: str) -> bytes | None:
        return self.content[bucket].get(key)

    async def delete(self, bucket: str, key: str) -> None:
        self.content[bucket].pop(key, None)

    async def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return [key for key in self.content[bucket] if key.startswith(prefix)]


class SmallNames:
    """One zone; `calls` are the changes in their order."""

    def __init__(self) -> None:
        self.state = CloudState()
        self.calls: list[str] = []

    async def read(self, zone: str) -> CloudState:
        return self.state

    async def ensure_zone(self, zone: str) -> str:
        self.calls.append(f"zone {zone}")
        self.state = replace(self.state, zone_id="Z1")
        return "Z1"

    async def ensure_health_check(self, zone: str, check: HealthCheck) -> str:
        self.calls.append(f"check {check.name}")
        kept = tuple(c for c in self.state.health_checks if c.name != check.name)
        stored = replace(check, id=f"id-{check.name}")
        self.state = replace(self.state, health_checks=(*kept, stored))
        return stored.id

    async def delete_health_check(self, check_id: str) -> None:
        self.calls.append(f"delete check {check_id}")
        kept = tuple(c for c in self.state.health_checks if c.id != check_id)
        self.state = replace(self.state, health_checks=kept)

    async def upsert_record(self, zone_id: str, record: Record) -> None:
        self.calls.append(f"record {record.set_identifier}")
        kept = tuple(r for r in self.state.records if r.set_identifier != record.set_identifier)
        self.state = replace(self.state, records=(*kept, record))

    async def delete_record(self, zone_id: str, record: Record) -> None:
        self.calls.append(f"delete record {record.set_identifier}")
        kept = tuple(r for r in self.state.records if r != record)
        self.state = replace(self.state, records=kept)

    async def observations(self, check_id: str) -> list[Any]:
        return []


class SmallWorld:
    """A cluster and a store for each region of a platform, and one name service."""

    def __init__(self, platform: Platform) -> None:
        names = platform.region_names
        self.clusters = {n: SmallCluster(n, f"192.0.2.{i}") for i, n in enumerate(names, 1)}
        self.stores = {n: SmallStore(n) for n in names}
        self.names = SmallNames()
        for cluster in self.clusters.values():
            cluster.knows(platform)

    @property
    def writes(self) -> int:
        clusters = sum(cluster.writes for cluster in self.clusters.values())
        stores = sum(store.writes for store in self.stores.values())
        return clusters + stores + len(self.names.calls)

    def world(self) -> World:
        nothing: Any = None
        return World(
            environment="lab",
            kind="sim",
            clusters=self.clusters,
            metrics={},
            stores=self.stores,
            names=self.names,
            resolver=nothing,
            faults=None,
            load=nothing,
            clock=nothing,
            close=nothing,
        )


def _merge(base: Object, change: Object) -> Object:
    merged = copy.deepcopy(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else copy.deepcopy(value)
    return merged
