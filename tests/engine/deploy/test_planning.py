from collections.abc import Callable

from small_world import SmallWorld

from infctl.engine.deploy.plan import plan_everywhere
from infctl.engine.deploy.regions import Request, apply_everywhere
from infctl.engine.deploy.results import Action, silent
from infctl.platform import Platform

Ask = Callable[..., Request]
Make = Callable[..., Platform]


async def test_a_plan_of_a_first_deployment_writes_nothing(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    plans = await plan_everywhere(small.world(), request_for(platform))
    assert small.writes == 0
    created = {c.what for plan in plans for c in plan.result.changes if c.action is Action.CREATED}
    assert {"Deployment/vision-stable", "bucket/vision-models-eu-west-1"} <= created
    assert "record/eu-west-1.vision.infctl.test" in created
    assert "+kind: Deployment" in plans[0].difference


async def test_a_plan_after_a_deployment_is_empty(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    plans = await plan_everywhere(small.world(), request_for(platform))
    assert not any(plan.result.changed or plan.result.failed for plan in plans)
    assert [plan.difference for plan in plans] == [""] * 4


async def test_a_plan_names_what_changed_and_shows_the_lines(
    platform: Platform, small: SmallWorld, request_for: Ask, make_platform: Make
) -> None:
    await apply_everywhere(small.world(), request_for(platform), silent)
    changed = make_platform(("slots: 4", "slots: 5"), ("ttl: 20s", "ttl: 10s"))
    plans = await plan_everywhere(small.world(), request_for(changed))
    first = [c.what for c in plans[0].result.changes if c.action is Action.CHANGED]
    assert "Deployment/vision-stable" in first
    assert "-        - name: SLOTS" not in plans[0].difference
    assert "+          value: '5'" in plans[0].difference
    cloud = [(c.what, c.detail) for c in plans[-1].result.changes if c.action is Action.CHANGED]
    records = [f"record/{r}.vision.infctl.test" for r in platform.region_names]
    assert cloud == [(record, "ttl 20 -> 10") for record in records]


async def test_a_plan_names_an_unreachable_region(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    small.clusters["eu-west-1"].die()
    plans = await plan_everywhere(small.world(), request_for(platform))
    assert [bool(plan.result.error) for plan in plans] == [False, True, False, False]
    promised = {c.what for c in plans[-1].result.changes if c.action is Action.CREATED}
    assert "record/us-east-1.vision.infctl.test" in promised
    assert "record/eu-west-1.vision.infctl.test" not in promised
