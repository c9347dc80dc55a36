"""Plans and facts for tests of guards, without a world."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from toy_facts import PLATFORM, facts_at

from infctl.content.facts import Facts
from infctl.engine.handler import Permission
from infctl.model.measured import Measured, unknown
from infctl.model.plan import Operation, Plan, Step
from infctl.ports.cluster import DEPLOYMENT
from infctl.runbooks import failover

REGION = "eu-west-1"
US = "us-east-1"
AP = "ap-south-1"
WAIT = Operation(
    "wait_steady",
    {"log": "l", "seconds": 1, "regions": ["eu-west-1"], "max_error_ratio": 0, "p99": 1},
)
RIGHT = Permission(US, "patch", DEPLOYMENT, "vision", "scale")


def failing_over(**changes: Any) -> Plan:
    """The failover of one region, with changes."""
    return replace(failover.plan(facts_at(1.0), REGION, "test"), **changes)


def chain(*steps: Step) -> Plan:
    """A plan of these steps."""
    return Plan("x", "x", "lab", steps)


def scaling(region: str, replicas: int, **more: Any) -> Step:
    """A step that changes a number of replicas."""
    args = {"region": region, "namespace": "v", "name": "v-stable", "replicas": replicas, **more}
    return Step(f"scale-{region}-{replicas}", Operation("scale_deployment", args, region=region))


def switching_off(region: str) -> Step:
    """A step that takes a region out."""
    return Step("off", Operation("switch_region_off", {"region": region}))


def changed(facts: Facts, region: str, **values: Any) -> Facts:
    """Other values of one region."""
    regions = tuple(replace(r, **values) if r.name == region else r for r in facts.snapshot.regions)
    return replace(facts, snapshot=replace(facts.snapshot, regions=regions))


def answering(facts: Facts, **healthy: "bool | None") -> Facts:
    """What health checks say of regions; None: nothing."""
    for name, value in healthy.items():
        found: Measured[Any] = (
            unknown("test", 0.0, "no answer") if value is None else Measured(value, 0.0, "test")
        )
        facts = changed(facts, name.replace("_", "-"), dns_healthy=found)
    return facts


def guarded(**values: Any) -> Facts:
    """Other settings of the guards."""
    chosen = PLATFORM.guards.model_copy(update=values)
    return replace(facts_at(1.0), platform=PLATFORM.model_copy(update={"guards": chosen}))


def production(budget: Measured[float] | None = None) -> Facts:
    """An environment with clients, and what is left of its budget."""
    found = PLATFORM.environments[PLATFORM.overlay].model_copy(update={"kind": "prod"})
    chosen = PLATFORM.model_copy(update={"environments": {PLATFORM.overlay: found}})
    return replace(facts_at(1.0), platform=chosen, budget=budget)
