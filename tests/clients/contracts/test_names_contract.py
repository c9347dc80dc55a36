"""What every NameService and Resolver do, in memory and as Route 53 with the lab's DNS."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import boto3
import pytest
from running_cloud import RunningCloud

from infctl.clients.aws import Account
from infctl.clients.resolver import DnsResolver
from infctl.clients.route53 import Route53Names
from infctl.clients.route53_reading import record_set
from infctl.errors import Conflict, InfctlError, Unreachable
from infctl.fakes.names import FakeNames
from infctl.fakes.resolver import FakeResolver
from infctl.lab import addresses
from infctl.ports.cloud import HealthCheck, NameService, Record
from infctl.ports.names import Resolver

SECONDS = 15.0
_NUMBERS = itertools.count(1)
ENDPOINT = {
    "Type": "HTTP",
    "IPAddress": "127.0.0.1",
    "Port": 1,
    "ResourcePath": "/",
    "RequestInterval": 10,
    "FailureThreshold": 1,
}


@dataclass
class Subject:
    """A name service, a resolver that answers from it, and a zone of the test's own."""

    names: NameService
    resolver: Resolver
    zone: str

    def record(self, region: str, weight: int = 100, check: str = "") -> Record:
        address = f"192.0.2.{len(region)}"
        return Record(f"vision.{self.zone}", "A", region, weight, 20, (address,), check)

    async def read_record(self, region: str) -> Record | None:
        records = (await self.names.read(self.zone)).records
        return next((r for r in records if r.set_identifier == region), None)

    async def read_check(self, name: str) -> HealthCheck | None:
        checks = (await self.names.read(self.zone)).health_checks
        return next((c for c in checks if c.name == name), None)


@pytest.fixture(params=["fake", "real"])
def cloud(request: pytest.FixtureRequest) -> RunningCloud | None:
    found: RunningCloud | None = None
    if request.param == "real":
        found = request.getfixturevalue("running")
    return found


@pytest.fixture
async def subject(cloud: RunningCloud | None) -> AsyncIterator[Subject]:
    zone = f"contract-{next(_NUMBERS)}.test"
    if cloud is None:
        names = FakeNames()
        yield Subject(names, FakeResolver(names), zone)
        return
    endpoint = f"http://{cloud.lab.shared('cloud')}:{addresses.CLOUD_PORT}"
    real = Route53Names(Account("us-east-1", endpoint, "test", "test"))
    resolver = DnsResolver(cloud.lab.shared("dns"), addresses.DNS_PORT)
    yield Subject(real, resolver, zone)
    state = await real.read(zone)
    for record in state.records:
        await real.delete_record(state.zone_id, record)
    for check in reversed(state.health_checks):
        await real.delete_health_check(check.id)
    real.close()


async def test_a_zone_that_is_not_there_is_empty(subject: Subject) -> None:
    state = await subject.names.read(subject.zone)
    assert (state.zone_id, state.records, state.health_checks) == ("", (), ())


async def test_a_zone_is_made_once(subject: Subject) -> None:
    first = await subject.names.ensure_zone(subject.zone)
    assert await subject.names.ensure_zone(subject.zone) == first
    assert (await subject.names.read(subject.zone)).zone_id == first


async def test_a_check_is_found_again_by_its_name_and_updated_in_place(subject: Subject) -> None:
    made = await subject.names.ensure_health_check(subject.zone, HealthCheck("one", ENDPOINT))
    changed = HealthCheck("one", {**ENDPOINT, "FailureThreshold": 3, "ResourcePath": "/ready"})
    assert await subject.names.ensure_health_check(subject.zone, changed) == made
    found = await subject.read_check("one")
    assert found is not None
    assert found.id == made
    assert {k: found.config[k] for k in changed.config} == changed.config


async def test_children_are_named_not_numbered(subject: Subject) -> None:
    parent = HealthCheck(
        "parent",
        {"Type": "CALCULATED", "ChildHealthChecks": ["one", "two"], "HealthThreshold": 2},
    )
    with pytest.raises(InfctlError, match=r"no health check (one|two)"):
        await subject.names.ensure_health_check(subject.zone, parent)
    for name in ("one", "two"):
        await subject.names.ensure_health_check(subject.zone, HealthCheck(name, ENDPOINT))
    await subject.names.ensure_health_check(subject.zone, parent)
    found = await subject.read_check("parent")
    assert found is not None
    assert sorted(found.config["ChildHealthChecks"]) == ["one", "two"]


async def test_checks_of_another_zone_are_not_ours(subject: Subject) -> None:
    await subject.names.ensure_health_check(subject.zone, HealthCheck("one", ENDPOINT))
    other = f"other-{subject.zone}"
    assert (await subject.names.read(other)).health_checks == ()


async def test_more_checks_than_are_asked_for_tags_at_once_are_all_read(subject: Subject) -> None:
    zone_id = await subject.names.ensure_zone(subject.zone)
    for number in range(12):
        name = f"check-{number}"
        await subject.names.ensure_health_check(subject.zone, HealthCheck(name, ENDPOINT))
        await subject.names.upsert_record(zone_id, subject.record(f"region-{number}", check=name))
    state = await subject.names.read(subject.zone)
    assert {c.name for c in state.health_checks} == {f"check-{n}" for n in range(12)}
    assert {(r.set_identifier, r.health_check) for r in state.records} == {
        (f"region-{n}", f"check-{n}") for n in range(12)
    }


async def test_a_deleted_check_is_gone_and_can_be_deleted_again(subject: Subject) -> None:
    made = await subject.names.ensure_health_check(subject.zone, HealthCheck("one", ENDPOINT))
    await subject.names.delete_health_check(made)
    assert await subject.read_check("one") is None
    await subject.names.delete_health_check(made)


async def test_a_record_is_read_as_it_was_written_and_replaced(subject: Subject) -> None:
    zone_id = await subject.names.ensure_zone(subject.zone)
    await subject.names.ensure_health_check(subject.zone, HealthCheck("one", ENDPOINT))
    record = subject.record("eu", check="one")
    await subject.names.upsert_record(zone_id, record)
    assert await subject.read_record("eu") == record
    replaced = replace(record, weight=0, ttl=30, values=("192.0.2.9",), health_check="")
    await subject.names.upsert_record(zone_id, replaced)
    assert await subject.read_record("eu") == replaced


async def test_a_record_is_replaced_only_where_it_is_still_the_one_that_was_read(
    subject: Subject,
) -> None:
    zone_id = await subject.names.ensure_zone(subject.zone)
    await subject.names.ensure_health_check(subject.zone, HealthCheck("one", ENDPOINT))
    read = subject.record("eu", check="one")
    for record in (read, subject.record("usa")):
        await subject.names.upsert_record(zone_id, record)
    await subject.names.replace_record(zone_id, read, replace(read, weight=7))
    assert await subject.read_record("eu") == replace(read, weight=7)
    with pytest.raises(Conflict):
        await subject.names.replace_record(zone_id, read, replace(read, weight=9))
    for wrong in (replace(read, weight=7, ttl=31), replace(read, weight=7, values=("192.0.2.9",))):
        with pytest.raises(Conflict):
            await subject.names.replace_record(zone_id, wrong, replace(read, weight=9))
    assert await subject.read_record("eu") == replace(read, weight=7)
    assert await subject.read_record("usa") == subject.record("usa")


async def test_a_record_without_its_check_or_its_zone_is_refused(subject: Subject) -> None:
    zone_id = await subject.names.ensure_zone(subject.zone)
    with pytest.raises(InfctlError, match="no health check nobody"):
        await subject.names.upsert_record(zone_id, subject.record("eu", check="nobody"))
    with pytest.raises(InfctlError) as caught:
        await subject.names.upsert_record("Z0NOBODY", subject.record("eu"))
    assert not isinstance(caught.value, Unreachable)


async def test_a_deleted_record_is_gone_and_can_be_deleted_again(subject: Subject) -> None:
    zone_id = await subject.names.ensure_zone(subject.zone)
    for region in ("eu", "usa"):
        await subject.names.upsert_record(zone_id, subject.record(region))
    await subject.names.delete_record(zone_id, subject.record("eu"))
    assert await subject.read_record("eu") is None
    assert await subject.read_record("usa") is not None
    await subject.names.delete_record(zone_id, subject.record("eu"))


async def test_checkers_have_a_word_on_what_they_probe_and_none_on_what_is_calculated(
    subject: Subject,
) -> None:
    one = await subject.names.ensure_health_check(subject.zone, HealthCheck("one", ENDPOINT))
    config = {"Type": "CALCULATED", "ChildHealthChecks": ["one"], "HealthThreshold": 1}
    both = await subject.names.ensure_health_check(subject.zone, HealthCheck("both", config))
    async with asyncio.timeout(SECONDS):
        while not (words := await subject.names.observations(one)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert len({word.checker for word in words}) == len(words)
    assert all(word.healthy == word.status.startswith("Success") for word in words)
    with pytest.raises(InfctlError) as caught:
        await subject.names.observations(both)
    assert not isinstance(caught.value, Unreachable)


async def test_names_are_answered_by_weight_and_with_their_ttl(subject: Subject) -> None:
    zone_id = await subject.names.ensure_zone(subject.zone)
    for region, weight in (("eu", 100), ("usa", 100), ("asia", 0)):
        await subject.names.upsert_record(zone_id, subject.record(region, weight))
    answers = [await subject.resolver.resolve(f"vision.{subject.zone}") for _ in range(40)]
    seen = {address for answer in answers for address in answer.addresses}
    assert seen == {"192.0.2.2", "192.0.2.3"}
    assert {answer.ttl for answer in answers} == {20}
    assert all(len(answer.addresses) == 1 for answer in answers)


async def test_an_unknown_name_is_an_error_and_not_silence(subject: Subject) -> None:
    await subject.names.ensure_zone(subject.zone)
    with pytest.raises(InfctlError) as caught:
        await subject.resolver.resolve(f"nobody.{subject.zone}")
    assert not isinstance(caught.value, Unreachable)


async def test_an_answer_says_when_it_was_given(subject: Subject) -> None:
    zone_id = await subject.names.ensure_zone(subject.zone)
    await subject.names.upsert_record(zone_id, subject.record("eu"))
    answer = await subject.resolver.resolve(f"vision.{subject.zone}.")
    if isinstance(subject.names, Route53Names):
        assert abs(answer.at - time.time()) < SECONDS
    assert answer.at > 0


async def test_more_checks_and_records_than_a_page_holds_are_all_read(
    running: RunningCloud,
) -> None:
    endpoint = f"http://{running.lab.shared('cloud')}:{addresses.CLOUD_PORT}"
    real = Route53Names(Account("us-east-1", endpoint, "test", "test"))
    zone, many = "pages.contract.test", 105
    # Past the front, which tells the name service of every change: this is about reading.
    moto = f"http://{running.lab.shared('moto')}:{addresses.MOTO_PORT}"
    client = boto3.client(
        "route53", "us-east-1", endpoint_url=moto, aws_access_key_id="t", aws_secret_access_key="t"
    )
    zone_id = await real.ensure_zone(zone)
    sets = [
        record_set(Record(f"r{n}.{zone}", "A", "eu", 1, 20, ("192.0.2.1",)), "")
        for n in range(many)
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": found} for found in sets]
    client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    for number in range(many):
        made = client.create_health_check(
            CallerReference=f"pages-{number}", HealthCheckConfig={**ENDPOINT, "Disabled": True}
        )
        client.change_tags_for_resource(
            ResourceType="healthcheck",
            ResourceId=made["HealthCheck"]["Id"],
            AddTags=[
                {"Key": "Name", "Value": f"check-{number}"},
                {"Key": "infctl.dev/zone", "Value": zone},
            ],
        )
    state = await real.read(zone)
    assert (len(state.records), len(state.health_checks)) == (many, many)
    for check in state.health_checks:
        client.delete_health_check(HealthCheckId=check.id)
    real.close()
