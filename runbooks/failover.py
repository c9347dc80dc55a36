"""Move traffic away from a region: capacity first, then the switch, then proof on traffic.

When: a region hurts clients, or is about to be worked on. Undo: `infctl restore REGION`.
Needs no control plane of the cloud: the switch is an object that health checks read.
"""

from infctl.content import parts
from infctl.content.capacity import needed_pods, predicted_shares, total_rate
from infctl.content.facts import Facts
from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.model.shift import LONGEST

SUMMARY = "Move traffic away from a region."
OWNER = "team-inference"


def plan(
    facts: Facts, region: str, reason: str, *, keep: float = LONGEST, ready: float = 100.0
) -> Plan:
    """The plan that takes `region` out of the answers, for `keep` seconds.

    `ready` percent of the pods that it asks for have to be there before traffic moves.
    """
    platform = facts.platform
    platform.region(region)
    return Plan(
        name="failover",
        summary=f"Move traffic away from {region}",
        environment=platform.environment,
        steps=steps(facts, region, reason, keep=keep, ready=ready),
        blast_radius=blast_radius(facts, region),
        parameters={
            "region": region,
            "reason": reason,
            "keep": keep,
            **parts.route53_settings(platform),
        },
        predicted=predicted_shares(facts, (region,)),
        recovery=True,
    )


def steps(
    facts: Facts,
    region: str,
    reason: str,
    *,
    extra: float = 0.0,
    keep: float = LONGEST,
    ready: float = 100.0,
) -> tuple[Step, ...]:
    """Scale those who take over, switch off, verify; `extra` is load that will come on top."""
    scaling = scale_steps(facts, region, extra, ready)
    switch = Step(
        "switch-off",
        parts.switch(facts.platform, region, reason, kind="switch_region_off", keep=keep),
        after=tuple(s.id for s in scaling if s.operation.kind == "scale_deployment"),
        timeout=20.0,
        expectation=f"a keeper holds the switch of {region}",
    )
    verify = Step(
        "verify",
        parts.verify_traffic(facts, absent=(region,)),
        after=(switch.id,),
        timeout=parts.switch_seconds(facts.platform) + 60.0,
        expectation=f"{region} is out of the answers, its traffic gone",
    )
    return (*scaling, switch, verify)


def scale_steps(
    facts: Facts, region: str, extra: float = 0.0, ready: float = 100.0
) -> tuple[Step, ...]:
    """A step for each region whose ready pods would not do, all at once."""
    needed = needed_pods(facts, region, extra)
    found = []
    for name, pods in needed.items():
        replicas = facts.region(name).replicas.value
        if replicas is None or max(replicas.ready, 0) >= pods:
            continue
        wanted = min(max(pods, replicas.wanted), facts.platform.autoscaling.max_replicas)
        if wanted > replicas.wanted:
            hold = hold_step(facts, name)
            found += [hold, scale_step(facts, name, wanted, ready, after=(hold.id,))]
    return tuple(found)


def hold_step(facts: Facts, region: str) -> Step:
    """Else an autoscaler, which sees no traffic yet, takes the new pods away within seconds."""
    return Step(
        f"hold-{region}",
        Operation("hold_replicas", parts.deployment(facts.platform, region), region=region),
        timeout=20.0,
        expectation=f"no autoscaler takes pods away in {region}",
        on_failure="skip",
    )


def scale_step(
    facts: Facts,
    region: str,
    replicas: int,
    ready: float = 100.0,
    *,
    after: tuple[str, ...] = (),
) -> Step:
    """One region to so many replicas, of which `ready` percent are enough."""
    args = {
        **parts.deployment(facts.platform, region),
        "replicas": replicas,
        **({} if ready == 100.0 else {"min_percent": ready}),
    }
    operation = Operation("scale_deployment", args, region=region)
    enough = "" if ready == 100.0 else f", {ready:g}% of them ready"
    return Step(
        f"scale-{region}",
        operation,
        after=after,
        timeout=120.0,
        expectation=f"{replicas} replicas in {region}{enough}",
    )


def blast_radius(facts: Facts, region: str) -> BlastRadius:
    """The region itself, the switch objects, and the share that moves."""
    share = facts.region(region).traffic_share
    scaling = scale_steps(facts, region)
    kinds = {"scale_deployment": "Deployment", "hold_replicas": "ScaledObject"}
    scaled = [f"{kinds[s.operation.kind]} in {s.operation.region}" for s in scaling]
    keepers = [f"switch object in {k}" for k in facts.platform.keepers(region)]
    moved = share.value if share.known else predicted_shares(facts, ()).get(region)
    return BlastRadius((region,), (*scaled, *keepers), moved)


def predicted_rate(facts: Facts, region: str) -> float | None:
    """Requests per second that the others will share."""
    return total_rate(facts, region)


def samples(facts: Facts) -> tuple[Plan, ...]:
    """The plans that linting judges: one for each region."""
    return tuple(plan(facts, region, "lint") for region in facts.platform.region_names)
