"""What the lock's third place does, in memory and as DynamoDB behind the lab's front."""

import itertools
from collections.abc import Callable
from random import Random

import pytest
from lock_site_contract import FIRST, check_compare_and_swap
from running_cloud import RunningCloud

from infctl.clients.aws import Account
from infctl.clients.clock import SystemClock
from infctl.clients.witness import DynamoWitness
from infctl.engine.locks import EnvironmentLock, Who
from infctl.errors import InfctlError, Unreachable
from infctl.fakes.witness import FakeWitness
from infctl.lab import addresses
from infctl.ports.lock import Witness

PLACE = "eu-central-1"
_NUMBERS = itertools.count(1)
Make = Callable[[], Witness]


def dynamo(running: RunningCloud, table: str) -> DynamoWitness:
    endpoint = f"http://{running.lab.shared('cloud')}:{addresses.CLOUD_PORT}"
    return DynamoWitness(table, "prod", Account(PLACE, endpoint, "test", "test"))


@pytest.fixture(params=["fake", "real"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes the same place again and again, as several machines see it."""
    if request.param == "fake":
        place = FakeWitness()
        return lambda: place
    running = request.getfixturevalue("running")
    table = f"contract-{next(_NUMBERS)}-locks"
    return lambda: dynamo(running, table)


async def test_a_witness_compares_and_swaps(make: Make) -> None:
    assert make().name == f"witness-{PLACE}"
    await make().ensure()
    await check_compare_and_swap(make(), make())


async def test_its_table_is_made_once_and_never_by_a_dry_run(make: Make) -> None:
    assert not await make().ensure(dry_run=True)
    with pytest.raises(InfctlError) as error:
        await make().read()
    assert not isinstance(error.value, Unreachable)
    assert not await make().ensure()
    assert await make().ensure()
    assert await make().ensure(dry_run=True)
    assert (await make().read()).holding is None


async def test_a_lock_is_taken_and_given_back_there(make: Make) -> None:
    await make().ensure()
    clock = SystemClock()
    lock = EnvironmentLock([make()], clock, Who("ana", "laptop", 1, "run-1"), random=Random(1))
    assert await lock.acquire() == 1
    await lock.renew()
    lock.check()
    await lock.release()
    again = EnvironmentLock([make()], clock, Who("ben", "desk", 2, "run-2"), random=Random(2))
    assert await again.acquire() == 2


@pytest.mark.parametrize(
    "item",
    [
        {"holding": {"S": "{"}, "version": {"N": "3"}},
        {"holding": {"N": "7"}, "version": {"N": "3"}},
        {"version": {"S": "three"}},
        {"holding": {"S": "x" * 100_000}},
    ],
)
async def test_an_item_that_cannot_be_read_is_held_by_nobody_knows_whom(
    running: RunningCloud, item: dict[str, dict[str, str]]
) -> None:
    witness = dynamo(running, f"contract-{next(_NUMBERS)}-locks")
    await witness.ensure()
    client = running.client("dynamodb", PLACE)
    client.put_item(TableName=witness._table, Item={"environment": {"S": "prod"}, **item})
    seen = await witness.read()
    assert seen.holding is not None
    assert seen.holding.duration == float("inf")
    assert (await witness.write(FIRST, version=seen.version)).holding == FIRST
