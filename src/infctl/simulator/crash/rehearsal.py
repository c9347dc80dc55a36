"""The plan that victims run: twelve steps in three regions at once, and what it must leave."""

from collections import Counter

from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.simulator.crash.outside import REGIONS, Effect

RUN = "rehearsal"
NAMESPACE = "serving"
_SWITCH = "switch/{region}"
_SECONDS = 30.0


def rehearsal() -> Plan:
    """Scale up, switch off, scale another, switch on: for each region, one after the other."""
    steps = [step for region in REGIONS for step in _chain(region)]
    return Plan(
        name="rehearsal",
        summary="a plan to be killed in",
        environment="selftest",
        steps=tuple(steps),
        blast_radius=BlastRadius(regions=REGIONS),
    )


def _chain(region: str) -> list[Step]:
    switch = {
        "region": region,
        "keepers": _keepers(region),
        "key": _SWITCH.format(region=region),
        "reason": "a rehearsal",
    }
    operations = {
        "front": Operation("scale_deployment", _scaling(region, "front", 4), region=region),
        "off": Operation("switch_region_off", switch, region=region),
        "back": Operation("scale_deployment", _scaling(region, "back", 5), region=region),
        "on": Operation("switch_region_on", switch, region=region),
    }
    steps: list[Step] = []
    for name, operation in operations.items():
        after = (steps[-1].id,) if steps else ()
        steps.append(Step(f"{name}-{region}", operation, after=after, timeout=_SECONDS))
    return steps


def _keepers(region: str) -> dict[str, str]:
    return {other: f"switches-{other}" for other in REGIONS if other != region}


def _scaling(region: str, name: str, replicas: int) -> dict[str, object]:
    return {"region": region, "namespace": NAMESPACE, "name": name, "replicas": replicas}


def expected() -> "Counter[Effect]":
    """Every effect of the whole plan, exactly once."""
    found: Counter[Effect] = Counter()
    for region in REGIONS:
        for name, replicas in (("front", 4), ("back", 5)):
            found[("patch", f"{region}/{NAMESPACE}/{name}", replicas)] += 1
        for keeper, bucket in _keepers(region).items():
            target = f"{keeper}/{bucket}/{_SWITCH.format(region=region)}"
            found[("put", target, None)] += 1
            found[("delete", target, None)] += 1
    return found


def step_of(effect: Effect) -> str:
    """The id of the step whose effect it is."""
    what, target, _ = effect
    parts = target.split("/")
    if what == "patch":
        return f"{parts[2]}-{parts[0]}"
    return f"{'off' if what == 'put' else 'on'}-{parts[-1]}"
