"""Copies of another machine's runs in fake clusters, and the lock of their executors."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infctl.engine.locks import EnvironmentLock, Who, lock_sites
from infctl.engine.mirror import ORDER, chunk_manifest, chunks
from infctl.executor.order import Order, order_content
from infctl.fakes.world import FakeWorld, fake_world
from infctl.model.fence import SYSTEM
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.model.plan import Operation, Plan, Step
from infctl.ports.cluster import Object

ENVIRONMENT = "lab"
PLAN = Plan("p", "A plan", ENVIRONMENT, (Step("a", Operation("wait_steady")),))
BEGUN: tuple[Mapping[str, Any], ...] = (
    {"kind": Kind.PLAN, "args": PLAN.to_json()},
    {"kind": Kind.LEASE, "args": {"pid": 7, "host": "other"}},
    {"kind": Kind.INTENT, "step": "a", "args": {"kind": "wait_steady", "version": 1}},
)
"""What a run has written that is in its first step."""
PAUSED = {"kind": Kind.PAUSE, "args": {"state": "paused_by_operator", "reason": "asked"}}
ENDED = {"kind": Kind.HEAD, "result": {"state": "completed", "exit": 0}}


def order_of(run: str, plan: Plan = PLAN) -> dict[str, Any]:
    """The order as its copy holds it."""
    path = Path("/elsewhere/platform.yaml")
    return order_content(Order(run, plan, path, ENVIRONMENT, "ada@other"))


def records_of(
    run: str, *contents: Mapping[str, Any], at: float = 5.0, digest: str = PLAN.digest
) -> tuple[Record, ...]:
    """A chain of records, each with its kind and what else it says."""
    found: list[Record] = []
    for content in contents:
        fields = {
            **dict.fromkeys(("step", "before", "args", "result", "undo")),
            "v": VERSION,
            "run": run,
            "plan_digest": digest,
            "attempt": 1,
            "fence": 1,
            "actor": "ada@other",
            "at": at,
            "boottime": at,
            "key": "",
            **content,
        }
        prev = found[-1].digest if found else GENESIS
        found.append(Record(**{**fields, "seq": len(found) + 1, "prev": prev}))
    return tuple(found)


def manifests(run: str, records: tuple[Record, ...], order: object = None) -> list[Object]:
    """The ConfigMaps of a run's copy."""
    text = json.dumps(order_of(run) if order is None else order)
    return [
        chunk_manifest(run, ENVIRONMENT, number, {ORDER: text, **data} if not number else data)
        for number, data in chunks(records).items()
    ]


async def keep(fake: FakeWorld, *objects: Object, region: str = "eu-west-1") -> None:
    """Objects in one region's cluster."""
    for each in objects:
        await fake.clusters[region].create(each)


async def new_world() -> FakeWorld:
    """Three regions at the present time, and nothing in them."""
    fake = fake_world()
    fake.clock.now += time.time() - fake.clock.wall()
    for cluster in fake.clusters.values():
        await cluster.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}
        )
    return fake


async def holding(fake: FakeWorld, run: str) -> EnvironmentLock:
    """The lock of the environment, held by an executor elsewhere that carries the run on."""
    lock = EnvironmentLock(
        lock_sites(fake.world(ENVIRONMENT)), fake.clock, Who("ada", "other", 7, run)
    )
    await lock.acquire()
    return lock
