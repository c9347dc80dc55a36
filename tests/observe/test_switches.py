"""Whether a region is switched off, as its keepers say."""

import pytest

from infctl.errors import Unreachable
from infctl.observe.names import read_switches

HERE, OTHER, THIRD = "eu-west-1", "us-east-1", "ap-south-1"


class Keeper:
    """A region's store: holds the switch, or does not, or does not answer (None)."""

    def __init__(self, region: str, held: bool | None) -> None:
        self.region = region
        self.held = held

    async def get(self, bucket: str, key: str) -> bytes | None:
        assert (bucket, key) == (f"vision-switches-{self.region}", f"off/{HERE}")
        if self.held is None:
            raise Unreachable("no answer")
        return b"{}" if self.held else None


@pytest.mark.parametrize(
    ("regions", "keepers", "wanted"),
    [
        ((HERE,), {}, False),
        ((HERE, OTHER), {OTHER: False}, False),
        ((HERE, OTHER), {OTHER: True}, True),
        ((HERE, OTHER), {OTHER: None}, None),
        ((HERE, OTHER), {}, None),
        ((HERE, OTHER, THIRD), {OTHER: None, THIRD: True}, True),
        ((HERE, OTHER, THIRD), {OTHER: False, THIRD: True}, True),
    ],
)
async def test_a_switch_is_what_the_keepers_that_answer_say(
    regions: tuple[str, ...], keepers: dict[str, bool | None], wanted: bool | None
) -> None:
    stores = {name: Keeper(name, held) for name, held in keepers.items()}
    found = await read_switches(stores, regions, "vision", HERE, 1.0)  # type: ignore[arg-type]
    assert found.value is wanted
    assert found.at > 0
