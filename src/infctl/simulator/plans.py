"""Plans by seed: random graphs of steps, and the real runbooks and drill."""

import functools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from infctl.content.facts import Facts
from infctl.drills import failover as drill
from infctl.model.measured import Measured
from infctl.model.plan import BlastRadius, Plan, Step
from infctl.model.snapshot import RegionSnapshot, Replicas, Snapshot
from infctl.runbooks import failover, restore
from infctl.simulator.environment import platform
from infctl.simulator.samples import draw

_AFTER = 0.5
_LIGHT = {"samples": 3, "ttl": 3, "settle": 4.0, "seconds": 4.0, "rate": 5.0, "users": 3}
"""The real plans ask the name service and send requests by the hundred: here a few do."""


def random_plan(chance: random.Random, regions: int = 3) -> Plan:
    """One to seven steps; what changes the same thing comes one after the other."""
    steps: list[Step] = []
    last: dict[str, str] = {}
    for number in range(chance.choice((1, 2, 2, 3, 3, 4, 5, 7))):
        operation, target = draw(chance, platform(regions))
        after = {last[target]} if target in last else set()
        if steps and chance.random() < _AFTER:
            after.add(chance.choice(steps).id)
        step = Step(
            f"s{number}-{operation.kind}",
            operation,
            tuple(sorted(after)),
            timeout=chance.choice((3.0, 10.0, 30.0)),
            max_attempts=chance.choice((1, 1, 1, 2, 3)),
            on_failure=chance.choice(("", "", "", "", "", "skip", "undo", "stop")),
        )
        if target:
            last[target] = step.id
        steps.append(step)
    # A switch is kept in all the other regions.
    radius = BlastRadius(platform(regions).region_names)
    deadline = chance.choice((0.0, 0.0, 0.0, 60.0))
    return Plan("random", "drawn by seed", "simulated", tuple(steps), radius, deadline=deadline)


def without_steps(plan: Plan, gone: frozenset[str]) -> Plan:
    """The plan without some steps: what came after them comes after those before them."""
    before = {s.id: s.after for s in plan.steps}

    def pass_on(after: tuple[str, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for step_id in after:
            found += pass_on(before[step_id]) if step_id in gone else [step_id]
        return tuple(dict.fromkeys(found))

    kept = tuple(replace(s, after=pass_on(s.after)) for s in plan.steps if s.id not in gone)
    return replace(plan, steps=kept)


@functools.cache
def _real(name: str, region: str, regions: int) -> Plan:
    facts = steady_facts(250.0, replicas=2, regions=regions)
    makers: dict[str, Callable[[], Plan]] = {
        "failover": lambda: failover.plan(facts, region, "simulated"),
        "restore": lambda: restore.plan(facts, region, "simulated"),
        "drill-loss": lambda: drill.plan(facts, drill.Settings(region)),
        "drill-operated": lambda: drill.plan(facts, drill.Settings(region, "operated")),
    }
    plan = makers[name]()
    steps = tuple(
        replace(s, operation=replace(s.operation, args=_lighten(s.operation.args)))
        for s in plan.steps
    )
    return replace(plan, steps=steps, environment="simulated")


def _lighten(args: Any) -> dict[str, Any]:
    return {k: _LIGHT.get(k, v) for k, v in args.items()}


def real_plan(chance: random.Random, regions: int = 3) -> Plan:
    """What people run: failover, restore, or a drill."""
    name = chance.choices(("failover", "restore", "drill-loss", "drill-operated"), (6, 3, 1, 1))[0]
    return _real(name, chance.choice(platform(regions).region_names), regions)


@functools.lru_cache(maxsize=256)
def steady_facts(
    rate: float, *, off: tuple[str, ...] = (), replicas: int = 6, regions: int = 3
) -> Facts:
    """What a plan is made from and guards judge by: every region at so many requests a second."""
    chosen = platform(regions)
    seen = tuple(
        _region(name, rate, replicas, 0.0 if name in off else 1 / regions)
        for name in chosen.region_names
    )
    addresses = {name: f"192.0.2.{number}" for number, name in enumerate(chosen.region_names, 1)}
    return Facts(chosen, Snapshot(0.0, seen), addresses)


def _region(name: str, rate: float, replicas: int, share: float) -> RegionSnapshot:
    is_on = share > 0
    values: dict[str, Any] = {
        "cluster_version": "v1.37.2",
        "replicas": Replicas(replicas, replicas),
        "models": (),
        "requests_per_second": rate if is_on else 0.0,
        "error_ratio": 0.0,
        "p50": 0.02,
        "p99": 0.05,
        "queue": 0.0,
        "saturation": 0.1,
        "traffic_share": share,
        "dns_healthy": is_on,
        "switched_off": not is_on,
        "store": True,
        "weight": 100,
        "generation": "sha256:0",
    }
    found = {key: Measured(value, 0.0, "simulator") for key, value in values.items()}
    return RegionSnapshot(name, **found)
