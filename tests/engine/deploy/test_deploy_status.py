from collections.abc import Callable

from small_world import SmallWorld

from infctl.engine.deploy.regions import Request, apply_everywhere
from infctl.engine.deploy.results import silent
from infctl.engine.deploy.status import read_status
from infctl.platform import Platform

Ask = Callable[..., Request]
Make = Callable[..., Platform]


async def test_a_region_is_absent_then_current_then_outdated(
    platform: Platform, small: SmallWorld, request_for: Ask, make_platform: Make
) -> None:
    found = await read_status(small.world(), request_for(platform))
    assert {d.state for d in found} == {"absent"}
    await apply_everywhere(small.world(), request_for(platform), silent)
    found = await read_status(small.world(), request_for(platform))
    assert {d.state for d in found} == {"current"}
    assert found[0].address == "192.0.2.1"
    changed = make_platform(("slots: 4", "slots: 5"))
    found = await read_status(small.world(), request_for(changed))
    assert {d.state for d in found} == {"outdated"}


async def test_a_region_that_does_not_answer_is_unknown(
    platform: Platform, small: SmallWorld, request_for: Ask
) -> None:
    small.clusters["eu-west-1"].die()
    states = [d.state for d in await read_status(small.world(), request_for(platform))]
    assert states == ["absent", "unknown", "absent"]
