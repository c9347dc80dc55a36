"""Lose a region under real traffic and measure how long clients suffer.

region-loss: the region is killed and health checks alone recover it. operated: our verb moves the
traffic. Both heal and restore whatever happens, and end in the steady state they began in.
"""

from dataclasses import dataclass, replace
from typing import Literal

from infctl.content import parts
from infctl.content.capacity import predicted_shares
from infctl.content.facts import Facts
from infctl.model.plan import BlastRadius, Operation, Plan, Step
from infctl.platform import loss_bound, switch_bound
from infctl.runbooks import failover, restore

SUMMARY = "Lose a region under real traffic and measure recovery."
OWNER = "team-inference"
LOG = "requests/clients.jsonl"
FAULT_TTL = 9.0
"""Seconds after which a fault heals by itself when the executor is gone."""

Mode = Literal["region-loss", "operated"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line chose; None stands for the platform file's own value."""

    region: str
    mode: Mode = "region-loss"
    rate: float | None = None
    users: int | None = None


def plan(facts: Facts, settings: Settings) -> Plan:
    """Steady state, load, fault, recovery, healing, steady state again."""
    platform = facts.platform
    platform.region(settings.region)
    rate, users = _load(facts, settings)
    bound = (loss_bound if settings.mode == "region-loss" else switch_bound)(platform)
    fault_step = "fault" if settings.mode == "region-loss" else "switch-off"
    return Plan(
        name="drill-failover",
        summary=f"Drill failover of {settings.region} ({settings.mode})",
        environment=platform.environment,
        steps=_steps(facts, settings),
        blast_radius=_blast_radius(facts, settings),
        parameters={
            "drill": "failover",
            "mode": settings.mode,
            "region": settings.region,
            "rate": rate,
            "users": users,
            "log": LOG,
            "fault_step": fault_step,
            "objective": platform.objectives.recovery.rto,
            "settle": platform.objectives.recovery.settle,
            "steady": platform.drills.failover.steady,
            "bound_seconds": bound.seconds,
            "bound_text": str(bound),
            "addresses": dict(facts.addresses),
            "address": facts.addresses.get(settings.region, ""),
            **parts.route53_settings(platform),
        },
        predicted=predicted_shares(facts, (settings.region,)),
    )


def samples(facts: Facts) -> tuple[Plan, ...]:
    """The plans that linting judges: each mode in each region."""
    modes: tuple[Mode, ...] = ("region-loss", "operated")
    return tuple(
        plan(facts, Settings(region, mode))
        for region in facts.platform.region_names
        for mode in modes
    )


def _steps(facts: Facts, settings: Settings) -> tuple[Step, ...]:
    before = (_start_load(facts, settings), _steady(facts, "steady", after=("start-load",)))
    if settings.mode == "region-loss":
        during = _region_loss(facts, settings)
    else:
        during = _operated(facts, settings)
    last = during[-1].id
    after = (
        _steady(facts, "steady-again", after=(last,)),
        Step(
            "stop-load",
            Operation("stop_load", {"step": "start-load"}),
            after=("steady-again",),
            timeout=60.0,
            expectation="the clients are gone",
            always=True,
        ),
    )
    return tuple(_reverting(s, settings.mode) for s in (*before, *during, *after))


def _reverting(step: Step, mode: Mode) -> Step:
    """What gives back runs only where something was taken: others may hold the region's switch."""
    fault = "fault" if mode == "region-loss" else "switch-off"
    reverted = {"stop-load": "start-load", "heal": "fault"}.get(step.id, fault)
    if step.id.startswith("unscale-"):
        reverted = step.id.removeprefix("un")
    if step.id.startswith("release-"):
        reverted = step.id.replace("release-", "hold-", 1)
    return replace(step, reverts=reverted) if step.always else step


def _region_loss(facts: Facts, settings: Settings) -> tuple[Step, ...]:
    region = settings.region
    fault_id = f"drill-failover-{region}"
    fault = Operation(
        "inject_fault",
        {
            "fault": fault_id,
            "fault_kind": "kill",
            "target": f"region/{region}",
            "ttl": FAULT_TTL,
        },
        region=region,
    )
    heal = Operation("heal_fault", {"fault": fault_id}, region=region)
    return (
        Step("fault", fault, ("steady",), 20.0, f"everything in {region} is killed"),
        _recovered(facts, settings, after=("fault",)),
        Step("heal", heal, ("recovered",), 120.0, f"{region} is started again", always=True),
        Step(
            "region-ready",
            restore.wait_ready(facts, region),
            ("heal",),
            120.0,
            f"all replicas of {region} are ready",
            always=True,
        ),
        restore.back_step(facts, region, after=("region-ready",)),
    )


def _operated(facts: Facts, settings: Settings) -> tuple[Step, ...]:
    """The runbook's own steps, with the drill's proof in place of the runbook's."""
    reason = "failover drill"
    rate, _ = _load(facts, settings)
    verb = failover.steps(facts, settings.region, reason, extra=rate)
    kinds = ("hold_replicas", "scale_deployment")
    scaling = tuple(_later(s) for s in verb if s.operation.kind in kinds)
    switch = next(s for s in verb if s.id == "switch-off")
    switch = Step(
        switch.id,
        switch.operation,
        switch.after or ("steady",),
        switch.timeout,
        switch.expectation,
    )
    back = restore.steps(facts, settings.region, reason, after=("recovered",), always=True)
    return (
        *scaling,
        switch,
        _recovered(facts, settings, after=(switch.id,)),
        *_scale_back(facts, scaling),
        *back,
    )


def _later(step: Step) -> Step:
    return replace(step, after=step.after or ("steady",))


def _scale_back(facts: Facts, scaling: tuple[Step, ...]) -> tuple[Step, ...]:
    """What the drill scaled up goes back once the region serves again."""
    found = []
    for step in scaling:
        region = step.operation.region or ""
        replicas = facts.region(region).replicas.value
        if step.operation.kind == "hold_replicas":
            found.append(_release(facts, region))
        elif replicas is not None:
            back = failover.scale_step(facts, region, replicas.wanted)
            found.append(
                Step(
                    f"unscale-{region}",
                    back.operation,
                    ("in-answers",),
                    120.0,
                    back.expectation,
                    True,
                )
            )
    return tuple(found)


def _release(facts: Facts, region: str) -> Step:
    operation = Operation(
        "release_replicas", parts.deployment(facts.platform, region), region=region
    )
    done = f"autoscaling of {region} is held by no plan"
    return Step(f"release-{region}", operation, (f"unscale-{region}",), 20.0, done, True)


def _start_load(facts: Facts, settings: Settings) -> Step:
    platform = facts.platform
    rate, users = _load(facts, settings)
    operation = Operation(
        "start_load",
        {
            "step": "start-load",
            "endpoint": f"{platform.service.host}:{platform.service.port}",
            "users": users,
            "rate": rate,
            "timeout": platform.traffic.timeout,
            "log": LOG,
        },
    )
    return Step("start-load", operation, timeout=60.0, expectation=f"{rate:g} requests/s")


def _steady(facts: Facts, step_id: str, *, after: tuple[str, ...]) -> Step:
    platform = facts.platform
    operation = Operation(
        "wait_steady",
        {
            "log": LOG,
            "seconds": platform.drills.failover.steady,
            "regions": list(platform.region_names),
            "max_error_ratio": 1 - platform.objectives.availability.target,
            "p99": platform.objectives.latency.ceiling,
        },
    )
    timeout = platform.drills.failover.steady + platform.traffic.ttl + 60.0
    return Step(step_id, operation, after, timeout, "all regions serve within the objectives")


def _recovered(facts: Facts, settings: Settings, *, after: tuple[str, ...]) -> Step:
    platform = facts.platform
    operation = Operation(
        "wait_recovered",
        {
            "log": LOG,
            "region": settings.region,
            "address": facts.addresses.get(settings.region, ""),
            "host": platform.service.host,
            "ttl": platform.traffic.ttl,
            "settle": _settled(facts, settings),
            "max_error_ratio": 1 - platform.objectives.availability.target,
            "samples": parts.SAMPLES,
        },
        region=settings.region,
    )
    timeout = platform.drills.failover.timeout
    return Step("recovered", operation, after, timeout, "clients are served without the region")


def _settled(facts: Facts, settings: Settings) -> float:
    """Seconds that must be good before anything is given back.

    The recovery is measured by the settling window, or three requests of a client, after the last
    client's return, which comes up to one request after the last bad one; and a moment more, so
    that what follows cannot fall into it.
    """
    rate, users = _load(facts, settings)
    pace = users / rate
    return max(facts.platform.objectives.recovery.settle, 3 * pace) + pace + 2.0


def _blast_radius(facts: Facts, settings: Settings) -> BlastRadius:
    found = failover.blast_radius(facts, settings.region)
    if settings.mode == "operated":
        return found
    objects = (f"every process of {settings.region}",)
    return BlastRadius(found.regions, objects, found.traffic_share)


def _load(facts: Facts, settings: Settings) -> tuple[float, int]:
    own = facts.platform.drills.failover
    rate = float(own.rate if settings.rate is None else settings.rate)
    return rate, own.users if settings.users is None else settings.users
