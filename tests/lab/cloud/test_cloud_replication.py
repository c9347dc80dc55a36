"""Copies between regions' buckets: what is copied, when, and what a lost region means for them."""

import asyncio
import itertools
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from running_cloud import wait_until

from infctl.lab import addresses
from infctl.lab.edge.control import Edge, Standing, socket_of

HERE, THERE, THIRD = "us-east-1", "eu-west-1", "ap-south-1"
_names = itertools.count(1)
Buckets = tuple[Any, str, Any, str]


def admin(running: Any, method: str = "GET", body: Any = None) -> list[dict[str, Any]]:
    """Every direction as the global front tells it."""
    url = f"http://{running.lab.shared('cloud')}:{addresses.CLOUD_PORT}/_infctl/replication"
    request = urllib.request.Request(url, method=method, data=json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=5) as answer:
        return list(json.load(answer)["directions"])


def delay(running: Any, seconds: float | None, to: str = "*", **more: Any) -> None:
    admin(running, "PUT", {"from": HERE, "to": to, "delay": seconds, **more})


def make(running: Any, region: str, **more: Any) -> tuple[Any, str]:
    """A versioned bucket of a region, and a client there."""
    s3, name = running.client("s3", region, at=region), f"copied-{next(_names)}"
    if region != "us-east-1":
        more["CreateBucketConfiguration"] = {"LocationConstraint": region}
    s3.create_bucket(Bucket=name, **more)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3, name


def rule(target: str, **more: Any) -> dict[str, Any]:
    return {
        "ID": more.pop("ID", target),
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        **more,
        "Destination": {"Bucket": f"arn:aws:s3:::{target}", **more.get("Destination", {})},
    }


def set_rules(s3: Any, bucket: str, *rules: dict[str, Any]) -> None:
    configuration = {"Role": "arn:aws:iam::123456789012:role/copy", "Rules": list(rules)}
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration)


def lag(running: Any) -> float:
    """Seconds of the direction that most tests use."""
    return max(
        float(way["lag"]) for way in admin(running) if (way["from"], way["to"]) == (HERE, THERE)
    )


def status(s3: Any, bucket: str, key: str = "k") -> str:
    """The word of HEAD; `missing` where there is no such object."""
    try:
        return str(s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus", "none"))
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return "missing"


def becomes(state: Callable[[], Any], wanted: Any, timeout: float = 10.0) -> None:
    assert wait_until(lambda: state() == wanted, timeout), state()


@pytest.fixture
def at_once(running: Any) -> Iterator[None]:
    delay(running, 0)
    yield
    for to in ("*", THERE):
        delay(running, None, to)


@pytest.fixture
def pair(running: Any, at_once: None) -> Buckets:
    """A bucket whose everything is copied to one of another region."""
    source, target = make(running, HERE), make(running, THERE)
    set_rules(*source, rule(target[1]))
    return (*source, *target)


def test_a_copy_has_version_time_metadata_and_tags_of_its_original(pair: Buckets) -> None:
    s3, source, there, target = pair
    made = s3.put_object(Bucket=source, Key="k", Body=b"x", Metadata={"a": "b"}, Tagging="t=1")
    becomes(lambda: status(there, target), "REPLICA")
    first = s3.get_object(Bucket=source, Key="k", VersionId=made["VersionId"])
    copy = there.get_object(Bucket=target, Key="k", VersionId=made["VersionId"])
    for name in ("ETag", "LastModified", "Metadata", "VersionId"):
        assert copy[name] == first[name]
    assert copy["Body"].read() == b"x"
    assert there.get_object_tagging(Bucket=target, Key="k")["TagSet"] == [
        {"Key": "t", "Value": "1"}
    ]
    assert status(s3, source) == "COMPLETED"


def test_what_was_there_before_the_rule_is_not_copied(running: Any, at_once: None) -> None:
    (s3, source), (there, target) = make(running, HERE), make(running, THERE)
    s3.put_object(Bucket=source, Key="old", Body=b"x")
    set_rules(s3, source, rule(target))
    s3.put_object(Bucket=source, Key="new", Body=b"x")
    becomes(lambda: status(there, target, "new"), "REPLICA")
    assert status(there, target, "old") == "missing"
    assert status(s3, source, "old") == "none"


def test_tags_that_change_later_are_copied_again(pair: Buckets) -> None:
    s3, source, there, target = pair
    s3.put_object(Bucket=source, Key="k", Body=b"x")
    becomes(lambda: status(s3, source), "COMPLETED")
    tags = [{"Key": "later", "Value": "yes"}]
    s3.put_object_tagging(Bucket=source, Key="k", Tagging={"TagSet": tags})
    becomes(lambda: there.get_object_tagging(Bucket=target, Key="k")["TagSet"], tags)


def test_a_delete_marker_follows_and_a_deleted_version_does_not(pair: Buckets) -> None:
    s3, source, there, target = pair
    first = s3.put_object(Bucket=source, Key="k", Body=b"1")["VersionId"]
    becomes(lambda: status(s3, source), "COMPLETED")
    marker = s3.delete_object(Bucket=source, Key="k")["VersionId"]
    becomes(lambda: status(there, target), "missing")
    s3.delete_object(Bucket=source, Key="k", VersionId=first)
    versions = there.list_object_versions(Bucket=target)
    assert [found["VersionId"] for found in versions["DeleteMarkers"]] == [marker]
    assert [found["VersionId"] for found in versions["Versions"]] == [first]


def test_a_rule_without_delete_markers_keeps_the_copy(running: Any, at_once: None) -> None:
    (s3, source), (there, target) = make(running, HERE), make(running, THERE)
    set_rules(s3, source, rule(target, DeleteMarkerReplication={"Status": "Disabled"}))
    s3.put_object(Bucket=source, Key="k", Body=b"1")
    becomes(lambda: status(there, target), "REPLICA")
    s3.delete_object(Bucket=source, Key="k")
    s3.put_object(Bucket=source, Key="after", Body=b"1")
    becomes(lambda: status(there, target, "after"), "REPLICA")
    assert status(there, target) == "REPLICA"


def test_filters_choose_by_prefix_and_tag_and_are_told_as_they_were_given(
    running: Any, at_once: None
) -> None:
    (s3, source), (there, target) = make(running, HERE), make(running, THERE)
    both = {"And": {"Prefix": "models/", "Tags": [{"Key": "stage", "Value": "live"}]}}
    chosen = rule(target, Filter=both, DeleteMarkerReplication={"Status": "Disabled"})
    set_rules(s3, source, chosen)
    for key, tags in (("models/a", ""), ("other", "stage=live"), ("models/b", "stage=live")):
        s3.put_object(Bucket=source, Key=key, Body=b"x", Tagging=tags)
    becomes(lambda: status(there, target, "models/b"), "REPLICA")
    found = [item["Key"] for item in there.list_objects_v2(Bucket=target)["Contents"]]
    assert found == ["models/b"]
    told = s3.get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Rules"][0]
    assert {name: told[name] for name in ("Filter", "Priority", "DeleteMarkerReplication")} == {
        name: chosen[name] for name in ("Filter", "Priority", "DeleteMarkerReplication")
    }


def test_a_copy_is_held_as_its_original_where_its_bucket_has_object_lock(
    running: Any, at_once: None
) -> None:
    s3, source = make(running, HERE, ObjectLockEnabledForBucket=True)
    there, target = make(running, THERE, ObjectLockEnabledForBucket=True)
    set_rules(s3, source, rule(target))
    until = datetime.now(UTC) + timedelta(days=1)
    made = s3.put_object(
        Bucket=source,
        Key="k",
        Body=b"x",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
    )
    becomes(lambda: status(there, target), "REPLICA")
    assert there.head_object(Bucket=target, Key="k")["ObjectLockMode"] == "COMPLIANCE"
    with pytest.raises(ClientError, match="AccessDenied"):
        there.delete_object(Bucket=target, Key="k", VersionId=made["VersionId"])


def test_buckets_that_copy_to_each_other_end_with_the_same_versions_in_the_same_order(
    running: Any, pair: Buckets
) -> None:
    s3, source, there, target = pair
    set_rules(there, target, rule(source))
    delay(running, 1.0, THERE)
    for number in range(3):
        s3.put_object(Bucket=source, Key="k", Body=f"here {number}".encode())
        there.put_object(Bucket=target, Key="k", Body=f"there {number}".encode())

    def versions(client: Any, bucket: str) -> list[str]:
        found = client.list_object_versions(Bucket=bucket).get("Versions", [])
        return [item["VersionId"] for item in found]

    becomes(lambda: len(versions(s3, source)) + len(versions(there, target)), 12)
    assert versions(s3, source) == versions(there, target)
    last = there.get_object(Bucket=target, Key="k")["Body"].read()
    assert last == s3.get_object(Bucket=source, Key="k")["Body"].read() == b"there 2"


def test_a_copy_is_not_copied_on(running: Any, pair: Buckets) -> None:
    s3, source, there, target = pair
    third = make(running, THIRD)
    set_rules(there, target, rule(third[1]))
    s3.put_object(Bucket=source, Key="k", Body=b"x")
    becomes(lambda: status(there, target), "REPLICA")
    assert status(*third) == "missing"
    assert not [way for way in admin(running) if way["from"] == THERE and way["pending"]]


def test_an_object_is_pending_for_the_delay_of_its_direction(running: Any, pair: Buckets) -> None:
    s3, source, there, target = pair
    delay(running, 3600, THERE)
    s3.put_object(Bucket=source, Key="k", Body=b"x")
    assert (status(s3, source), status(there, target)) == ("PENDING", "missing")
    found = {(way["from"], way["to"]): way for way in admin(running)}[HERE, THERE]
    assert (found["delay"], found["pending"]) == (3600, 1)
    becomes(lambda: lag(running) > 0, True)
    delay(running, None, THERE)
    s3.put_object(Bucket=source, Key="wake", Body=b"x")
    becomes(lambda: (status(s3, source), status(there, target)), ("COMPLETED", "REPLICA"))


def test_a_delay_with_a_lease_ends_by_itself(running: Any, pair: Buckets) -> None:
    s3, source, there, target = pair
    delay(running, 3600, THERE, ttl=0.3)
    s3.put_object(Bucket=source, Key="k", Body=b"x")
    assert status(s3, source) == "PENDING"
    becomes(lambda: status(there, target), "REPLICA", 15)


def test_a_lost_region_gets_its_copies_when_it_is_back(running: Any, pair: Buckets) -> None:
    s3, source, there, target = pair
    third = make(running, THIRD)
    set_rules(s3, source, rule(target), rule(third[1], Priority=2))
    running.stop(f"cloud-{THERE}")
    try:
        s3.put_object(Bucket=source, Key="k", Body=b"x")
        becomes(lambda: status(*third), "REPLICA")
        assert status(s3, source) == "PENDING"
    finally:
        running.start(f"cloud-{THERE}")
    becomes(lambda: (status(s3, source), status(there, target)), ("COMPLETED", "REPLICA"))


def test_a_lost_region_sends_no_copies_until_it_is_back(running: Any, pair: Buckets) -> None:
    s3, source, there, target = pair
    delay(running, 1.0, THERE)
    s3.put_object(Bucket=source, Key="k", Body=b"x")
    running.stop(f"cloud-{HERE}")
    try:
        becomes(lambda: lag(running) > 1.2, True)
        assert status(there, target) == "missing"
    finally:
        running.start(f"cloud-{HERE}")
    becomes(lambda: status(there, target), "REPLICA")


def test_a_cut_path_stops_the_copies_that_way_alone(running: Any, pair: Buckets) -> None:
    s3, source, there, target = pair
    edge = Edge(socket_of(running.lab, running.lab.region(HERE)))
    asyncio.run(edge.settle({f"to-{THERE}-cloud": Standing(is_open=False)}))
    third = make(running, THIRD)
    set_rules(s3, source, rule(target), rule(third[1]))
    try:
        s3.put_object(Bucket=source, Key="k", Body=b"x")
        becomes(lambda: status(*third), "REPLICA")
        assert (status(s3, source), status(there, target)) == ("PENDING", "missing")
    finally:
        asyncio.run(edge.settle({}))
    becomes(lambda: (status(s3, source), status(there, target)), ("COMPLETED", "REPLICA"))


def test_a_destination_that_cannot_take_a_copy_makes_it_fail(running: Any, pair: Buckets) -> None:
    s3, source, there, target = pair
    there.put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=source, Key="k", Body=b"x")
    becomes(lambda: status(s3, source), "FAILED")


@pytest.mark.parametrize(
    ("arn", "code"), [("arn:aws:s3:::nowhere-at-all", "InvalidRequest"), ("no-arn", "MalformedXML")]
)
def test_a_rule_for_no_bucket_is_refused(running: Any, arn: str, code: str) -> None:
    s3, source = make(running, HERE)
    with pytest.raises(ClientError, match=code):
        set_rules(s3, source, rule("", Destination={"Bucket": arn}))


@pytest.mark.parametrize("body", [{"delay": -1}, {"delay": "soon"}, [], {"delay": 1, "ttl": 1e9}])
def test_a_delay_that_is_none_is_refused(running: Any, body: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        admin(running, "PUT", body)
    assert refused.value.code == 400
