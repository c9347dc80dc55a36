"""In-memory ports for deployments: what is applied becomes ready at once, unless told so."""

from dataclasses import replace
from typing import Any

from infctl.fakes.cluster import FakeCluster
from infctl.fakes.controllers import program, roll_out
from infctl.fakes.endpoint import Mood
from infctl.platform import Platform
from infctl.ports.cloud import CloudState, HealthCheck, Record
from infctl.ports.world import World

Object = dict[str, Any]


class SmallCluster(FakeCluster):
    """The fake, with words for what a deployment may meet."""

    def __init__(self, region: str, address: str) -> None:
        super().__init__(region, controllers=[roll_out, program(address)])
        self._at_first = self.storage.version

    @property
    def writes(self) -> int:
        """How often anything was written."""
        return self.storage.version - self._at_first

    def lack(self, kind: str) -> None:
        """Be a cluster without that kind."""
        self.known = frozenset(k for k in self.known if k.kind != kind)

    def die(self) -> None:
        """Answer no more."""
        self.endpoint.mood = Mood.SILENT

    def find(self, name: str) -> Object:
        """A stored object by Kind/name."""
        kind, _, own_name = name.partition("/")
        stored = self.storage.objects.items()
        return next(s.object for k, s in stored if (k[0].kind, k[2]) == (kind, own_name))


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

    async def replace_record(self, zone_id: str, before: Record, after: Record) -> None:
        await self.delete_record(zone_id, before)
        await self.upsert_record(zone_id, after)

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
