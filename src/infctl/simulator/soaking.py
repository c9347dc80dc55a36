"""One run that goes on for days: an executor that waits, is asked, tries again, and lives."""

from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.simulator.environment import platform
from infctl.simulator.faults import Fault
from infctl.simulator.scenario import Scenario

_EVERY = 1800.0
"""Seconds between two decisions, in the mean."""


def endless(seed: int, seconds: float) -> Scenario:
    """A step that never becomes true within the time, tried again every half hour."""
    name = platform().service.name
    region = platform().region_names[0]
    args = {"region": region, "namespace": name, "name": f"{name}-stable", "replicas": 5}
    operation = Operation("scale_deployment", args, region=region)
    step = Step("never", operation, timeout=30.0)
    plan = Plan("soak", "waits for days", "simulated", (step,), BlastRadius((region,)))
    times = int(seconds / _EVERY)
    slow = Fault("slow_rollout", 1, region, seconds)
    return Scenario(seed, plan, faults=(slow,), decisions=("retry",) * times, patience=2 * _EVERY)
