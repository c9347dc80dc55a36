"""Give a region its traffic back: ready first, then the switch, then proof in the answers.

When: a region that was switched off is well again. Undo: `infctl failover REGION`.
"""

from infctl.content import parts
from infctl.content.capacity import predicted_shares
from infctl.content.facts import Facts
from infctl.model.plan import BlastRadius, Operation, Plan, Step

SUMMARY = "Give a region its traffic back."
OWNER = "team-inference"


def plan(facts: Facts, region: str, reason: str) -> Plan:
    """The plan that puts `region` back into the answers."""
    platform = facts.platform
    platform.region(region)
    shares = predicted_shares(facts, (), returning=(region,))
    release = _release_steps(facts)
    held = tuple(f"ScaledObject in {step.operation.region}" for step in release)
    return Plan(
        name="restore",
        summary=f"Give {region} its traffic back",
        environment=platform.environment,
        steps=(*steps(facts, region, reason), *release),
        blast_radius=BlastRadius(
            (region,),
            (*(f"switch object in {keeper}" for keeper in platform.keepers(region)), *held),
            shares.get(region),
        ),
        parameters={"region": region, "reason": reason, **parts.route53_settings(platform)},
        predicted=shares,
    )


def steps(
    facts: Facts, region: str, reason: str, *, after: tuple[str, ...] = (), always: bool = False
) -> tuple[Step, ...]:
    """Wait until the region is ready, switch on, see it in the answers."""
    platform = facts.platform
    ready = Step(
        "region-ready",
        wait_ready(facts, region),
        after=after,
        timeout=120.0,
        expectation=f"all replicas of {region} are ready",
        always=always,
    )
    switch = Step(
        "switch-on",
        parts.switch(platform, region, reason, kind="switch_region_on"),
        after=(ready.id,),
        timeout=20.0,
        expectation=f"no keeper holds the switch of {region}",
        always=always,
    )
    return (ready, switch, back_step(facts, region, after=(switch.id,), always=always))


def _release_steps(facts: Facts) -> tuple[Step, ...]:
    """Where there are more pods than usual, a failover may hold them: they may go again."""
    least = facts.platform.autoscaling.min_replicas
    larger = [
        r.name
        for r in facts.snapshot.regions
        if r.replicas.value is not None and r.replicas.value.wanted > least
    ]
    return tuple(
        Step(
            f"release-{name}",
            Operation("release_replicas", parts.deployment(facts.platform, name), region=name),
            after=("in-answers",),
            timeout=20.0,
            expectation=f"autoscaling of {name} is held by no plan",
            on_failure="skip",
        )
        for name in larger
    )


def wait_ready(facts: Facts, region: str) -> Operation:
    """The region's pods are ready as many as are wanted."""
    return Operation("wait_region_ready", parts.deployment(facts.platform, region), region=region)


def back_step(facts: Facts, region: str, *, after: tuple[str, ...], always: bool = False) -> Step:
    """The region is in the answers again."""
    check = facts.platform.traffic.health_check
    return Step(
        "in-answers",
        parts.verify_traffic(facts, present=(region,)),
        after=after,
        timeout=check.interval * check.failure_threshold + 60.0,
        expectation=f"{region} is in the answers",
        always=always,
    )


def samples(facts: Facts) -> tuple[Plan, ...]:
    """The plans that linting judges: one for each region."""
    return tuple(plan(facts, region, "lint") for region in facts.platform.region_names)
