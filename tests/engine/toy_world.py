"""A small world in virtual time: clients, answers, switches, replicas and faults, all in memory."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from infctl.content.load_log import request_line, resolution_line
from infctl.errors import InfctlError, Unreachable
from infctl.fakes.cluster import FakeCluster
from infctl.ports.cloud import CloudState, HealthCheck, Observation, Record
from infctl.ports.cluster import DEPLOYMENT, Kind
from infctl.ports.faults import ActiveFault
from infctl.ports.load import LoadRequest, RequestRecord, Resolution
from infctl.ports.metrics import Sample
from infctl.ports.names import Answer
from infctl.ports.world import World

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
ADDRESSES = {name: f"127.9.{number}.1" for number, name in enumerate(REGIONS, 1)}
DETECTION = 10.0


class Crash(BaseException):
    """The process dies here."""


@dataclass
class ToyClock:
    """Virtual time; whoever sleeps makes it pass."""

    now: float = 1000.0

    def wall(self) -> float:
        return self.now + 1_700_000_000

    def boottime(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Toy:
    """What there is; `hook` is called before every change and may raise; `effects` counts them."""

    clock: ToyClock = field(default_factory=ToyClock)
    hook: Callable[[str], None] = lambda _: None
    replicas: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REGIONS, 2))
    objects: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    faults: dict[str, ActiveFault] = field(default_factory=dict)
    loads: dict[str, tuple[LoadRequest, float, float | None]] = field(default_factory=dict)
    changed_at: dict[str, float] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    stubborn: set[str] = field(default_factory=set)
    ready: dict[str, int] = field(default_factory=dict)
    rest: dict[str, FakeCluster] = field(
        default_factory=lambda: {name: FakeCluster(name) for name in REGIONS}
    )

    def change(self, what: str, region: str = "") -> None:
        self.hook(what)
        self.effects.append(what)
        if region:
            self.changed_at[region] = self.clock.now

    def is_wanted_out(self, region: str) -> bool:
        off = any(key == f"off/{region}" for _, _, key in self.objects)
        killed = any(f.target == f"region/{region}" for f in self.faults.values())
        return (off or killed) and region not in self.stubborn

    def is_out(self, region: str) -> bool:
        """Health checks need a while, in both directions."""
        is_stale = self.clock.now - self.changed_at.get(region, -1e9) < DETECTION
        return self.is_wanted_out(region) != is_stale

    def is_dead(self, region: str) -> bool:
        return any(f.target == f"region/{region}" for f in self.faults.values())

    def state(self) -> dict[str, Any]:
        """What a run must leave as it was, or change exactly once."""
        return {
            "replicas": dict(self.replicas),
            "objects": sorted(self.objects),
            "faults": sorted(self.faults),
            "loads": sorted(name for name, load in self.loads.items() if load[2] is None),
        }

    def world(self) -> World:
        return World(
            environment="toy",
            kind="sim",
            clusters={name: cast("Any", ToyCluster(self, name)) for name in REGIONS},
            metrics={name: cast("Any", ToyMetrics(self, name)) for name in REGIONS},
            stores={name: cast("Any", ToyStore(self, name)) for name in REGIONS},
            names=cast("Any", ToyNames(self)),
            resolver=ToyResolver(self),
            faults=ToyFaults(self),
            load=ToyLoad(self),
            clock=self.clock,
            close=_nothing,
        )


async def _nothing() -> None:
    return None


@dataclass
class ToyCluster:
    """One Deployment of the toy's; all else lies in a fake cluster."""

    toy: Toy
    region: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.toy.rest[self.region], name)

    async def version(self) -> str:
        return "v1.37.2"

    async def can(
        self, verb: str, kind: Kind, namespace: str | None = None, *, subresource: str = ""
    ) -> bool:
        return True

    async def read(self, kind: Kind, name: str, namespace: str | None = None) -> Any:
        if kind != DEPLOYMENT:
            return await self.toy.rest[self.region].read(kind, name, namespace)
        count = self.toy.replicas[self.region]
        return {
            "metadata": {"name": name, "namespace": namespace, "generation": 1, "annotations": {}},
            "spec": {"replicas": count},
            "status": {
                "readyReplicas": min(count, self.toy.ready.get(self.region, count)),
                "observedGeneration": 1,
            },
        }

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Any, *, dry_run: bool = False
    ) -> Any:
        if kind != DEPLOYMENT:
            rest = self.toy.rest[self.region]
            return await rest.merge(kind, name, namespace, patch, dry_run=dry_run)
        wanted = patch["spec"]["replicas"]
        if self.toy.replicas[self.region] != wanted:
            self.toy.change(f"scale {self.region} {wanted}")
            self.toy.replicas[self.region] = wanted
        self.toy.hook(f"after scale {self.region}")
        return {}


@dataclass
class ToyMetrics:
    toy: Toy
    region: str

    async def query(self, expression: str) -> list[Sample]:
        if self.toy.is_dead(self.region):
            raise Unreachable(f"no metrics from {self.region}")
        rate = 0.0 if self.toy.is_out(self.region) else 10.0
        return [Sample({}, 0.1 if "quantile" in expression else rate, self.toy.clock.wall())]


@dataclass
class ToyStore:
    toy: Toy
    region: str

    async def buckets(self) -> list[str]:
        self._check()
        return sorted({bucket for region, bucket, _ in self.toy.objects if region == self.region})

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        self._check()
        if (self.region, bucket, key) not in self.toy.objects:
            self.toy.change(f"put {self.region} {key}", key.removeprefix("off/"))
            self.toy.objects[(self.region, bucket, key)] = body
        self.toy.hook(f"after put {self.region}")

    async def get(self, bucket: str, key: str) -> bytes | None:
        self._check()
        return self.toy.objects.get((self.region, bucket, key))

    async def delete(self, bucket: str, key: str) -> None:
        self._check()
        if (self.region, bucket, key) in self.toy.objects:
            self.toy.change(f"delete {self.region} {key}", key.removeprefix("off/"))
            del self.toy.objects[(self.region, bucket, key)]
        self.toy.hook(f"after delete {self.region}")

    def _check(self) -> None:
        if self.region in self.toy.silent or self.toy.is_dead(self.region):
            raise Unreachable(f"no answer from the store of {self.region}")


@dataclass
class ToyNames:
    toy: Toy

    async def read(self, zone: str) -> CloudState:
        records = tuple(
            Record("vision.infctl.test", "A", name, 100, 20, (address,), f"vision-{name}")
            for name, address in ADDRESSES.items()
        )
        checks = tuple(
            HealthCheck(f"vision-{name}", {"Type": "HTTP"}, f"id-{name}") for name in REGIONS
        )
        return CloudState("Z1", records, checks)

    async def observations(self, check_id: str) -> list[Observation]:
        region = check_id.removeprefix("id-")
        is_in = not self.toy.is_out(region)
        return [Observation("one", is_in, self.toy.clock.wall(), "Success" if is_in else "Failure")]


@dataclass
class ToyResolver:
    toy: Toy
    turn: int = 0

    async def resolve(self, name: str) -> Answer:
        there = [ADDRESSES[r] for r in REGIONS if not self.toy.is_out(r)]
        self.turn += 1
        chosen = (there[self.turn % len(there)],) if there else ()
        return Answer(chosen, 20, self.toy.clock.wall())


@dataclass
class ToyFaults:
    toy: Toy

    async def inject(
        self, fault_id: str, kind: str, target: str, ttl: float, parameters: Any = None
    ) -> ActiveFault:
        del parameters
        if fault_id not in self.toy.faults:
            self.toy.change(f"inject {fault_id}", target.removeprefix("region/"))
            now = self.toy.clock.wall()
            self.toy.faults[fault_id] = ActiveFault(fault_id, kind, target, now, now + ttl)
        self.toy.hook("after inject")
        return self.toy.faults[fault_id]

    async def renew(self, fault_id: str, ttl: float) -> None:
        if fault_id not in self.toy.faults:
            raise InfctlError(f"fault {fault_id} is not in force")

    async def heal(self, fault_id: str) -> None:
        if fault_id in self.toy.faults:
            target = self.toy.faults[fault_id].target
            self.toy.change(f"heal {fault_id}", target.removeprefix("region/"))
            del self.toy.faults[fault_id]
        self.toy.hook("after heal")

    async def active(self) -> list[ActiveFault]:
        return list(self.toy.faults.values())


@dataclass
class ToyLoad:
    """Ten requests per second, to the regions in the answers in turn; a dead one fails."""

    toy: Toy
    made: list[RequestRecord] = field(default_factory=list)

    async def start(self, request: LoadRequest) -> str:
        name = str(request.log)
        if name not in self.toy.loads:
            self.toy.change("start load")
            self.toy.loads[name] = (request, self.toy.clock.now, None)
        self.toy.hook("after start load")
        return name

    async def stop(self, load_id: str) -> None:
        if load_id not in self.toy.loads:
            return
        request, started, ended = self.toy.loads[load_id]
        if ended is None:
            self.toy.change("stop load")
            self.toy.loads[load_id] = (request, started, self.toy.clock.now)
        self.toy.hook("after stop load")

    def read(self, log: Path) -> list[RequestRecord]:
        if str(log) not in self.toy.loads:
            return []
        _, _, ended = self.toy.loads[str(log)]
        last = self.made[-1].ended if self.made else self.toy.clock.wall() - 0.5
        until = self.toy.clock.wall()
        there = [r for r in REGIONS if not self.toy.is_out(r)]
        moment = last
        while moment + 0.1 <= until and ended is None and there:
            moment += 0.1
            region = there[len(self.made) % len(there)]
            self._make(log, moment, region)
        return list(self.made)

    def _make(self, log: Path, moment: float, region: str) -> None:
        ok = not self.toy.is_dead(region)
        answered = region if ok else ""
        address = ADDRESSES[region]
        record = RequestRecord("c1", moment - 0.02, moment, ok, 200 * ok, answered, address)
        self.made.append(record)
        if log.parent.is_dir():
            with log.open("a") as file:
                file.write(resolution_line(Resolution("c1", moment - 0.03, (address,), 0.0)))
                file.write(request_line(record, str(len(self.made))))
