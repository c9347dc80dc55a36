"""Object lock and suspended versioning, as S3 holds them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

REGION = "eu-west-1"
_names = itertools.count(1)


def soon(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


@pytest.fixture(scope="module")
def s3(running: Any) -> Any:
    return running.client("s3", REGION, at=REGION)


@pytest.fixture
def locked(s3: Any) -> str:
    """A bucket with object lock."""
    name = f"locked-{next(_names)}"
    where = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)
    return name


@pytest.fixture
def versioned(s3: Any) -> str:
    name = f"versioned-{next(_names)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def put(s3: Any, bucket: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = s3.put_object(Bucket=bucket, Key="k", Body=b"x", **more)
    return {"Bucket": bucket, "Key": "k", "VersionId": found["VersionId"]}


def hold(s3: Any, where: dict[str, Any], mode: str, days: int, **more: Any) -> None:
    retention = {"Mode": mode, "RetainUntilDate": soon(days)}
    s3.put_object_retention(**where, Retention=retention, **more)


@pytest.mark.parametrize(
    ("held", "mode", "days", "bypass", "allowed"),
    [
        ("GOVERNANCE", "GOVERNANCE", 20, False, True),
        ("GOVERNANCE", "GOVERNANCE", 5, False, False),
        ("GOVERNANCE", "GOVERNANCE", 5, True, True),
        ("GOVERNANCE", "COMPLIANCE", 20, False, False),
        ("GOVERNANCE", "COMPLIANCE", 20, True, True),
        ("COMPLIANCE", "COMPLIANCE", 20, False, True),
        ("COMPLIANCE", "COMPLIANCE", 5, True, False),
        ("COMPLIANCE", "GOVERNANCE", 20, True, False),
    ],
)
def test_a_retention_can_grow_and_only_governance_can_be_bypassed(
    s3: Any, locked: str, held: str, mode: str, days: int, bypass: bool, allowed: bool
) -> None:
    where = put(s3, locked, ObjectLockMode=held, ObjectLockRetainUntilDate=soon(10))
    if allowed:
        hold(s3, where, mode, days, BypassGovernanceRetention=bypass)
        assert s3.get_object_retention(**where)["Retention"]["Mode"] == mode
        return
    with pytest.raises(ClientError, match="AccessDenied") as refused:
        hold(s3, where, mode, days, BypassGovernanceRetention=bypass)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("mode", "bypass", "allowed"),
    [
        ("GOVERNANCE", False, False),
        ("GOVERNANCE", True, True),
        ("COMPLIANCE", True, False),
    ],
)
def test_a_held_version_cannot_be_deleted_and_a_marker_can_be_put_on_it(
    s3: Any, locked: str, mode: str, bypass: bool, allowed: bool
) -> None:
    where = put(s3, locked, ObjectLockMode=mode, ObjectLockRetainUntilDate=soon(1))
    if allowed:
        s3.delete_object(**where, BypassGovernanceRetention=bypass)
        return
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(**where, BypassGovernanceRetention=bypass)
    assert s3.delete_object(Bucket=locked, Key="k")["DeleteMarker"]
    assert s3.get_object(**where)["Body"].read() == b"x"


def test_a_governance_retention_can_be_taken_away_with_the_bypass(s3: Any, locked: str) -> None:
    where = put(s3, locked, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=soon(1))
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object_retention(**where, Retention={})
    s3.put_object_retention(**where, Retention={}, BypassGovernanceRetention=True)
    s3.delete_object(**where)


def test_a_legal_hold_holds_against_every_bypass_until_it_is_off(s3: Any, locked: str) -> None:
    where = put(s3, locked)
    s3.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(**where, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
    s3.delete_object(**where)


def test_a_retention_in_the_past_or_of_nothing_is_refused(s3: Any, locked: str) -> None:
    where = put(s3, locked)
    with pytest.raises(ClientError, match="must be in the future"):
        hold(s3, where, "GOVERNANCE", -1)
    with pytest.raises(ClientError, match="must be in the future"):
        put(s3, locked, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=soon(-1))
    with pytest.raises(ClientError, match="must both be supplied"):
        put(s3, locked, ObjectLockMode="GOVERNANCE")
    with pytest.raises(ClientError, match="NoSuchKey"):
        hold(s3, {"Bucket": locked, "Key": "none"}, "GOVERNANCE", 1)


def test_the_default_retention_counts_for_parts_and_for_held_objects_too(
    s3: Any, locked: str
) -> None:
    put(s3, locked)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
    s3.put_object_lock_configuration(
        Bucket=locked, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    where = put(s3, locked, ObjectLockLegalHoldStatus="ON")
    assert s3.get_object_retention(**where)["Retention"]["Mode"] == "GOVERNANCE"
    upload = s3.create_multipart_upload(Bucket=locked, Key="p")["UploadId"]
    part = s3.upload_part(Bucket=locked, Key="p", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=locked, Key="p", UploadId=upload, MultipartUpload=parts)
    assert s3.head_object(Bucket=locked, Key="p")["ObjectLockMode"] == "GOVERNANCE"


def test_a_bucket_with_object_lock_keeps_its_versions(s3: Any, locked: str) -> None:
    with pytest.raises(ClientError, match="InvalidBucketState"):
        s3.put_bucket_versioning(Bucket=locked, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"


def test_a_suspended_bucket_keeps_old_versions_and_writes_one_without_identifier(
    s3: Any, versioned: str
) -> None:
    first = put(s3, versioned)
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=versioned, Key="k", Body=body)
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"2"
    assert s3.get_object(**first)["Body"].read() == b"x"
    found = [v["VersionId"] for v in s3.list_object_versions(Bucket=versioned)["Versions"]]
    assert sorted(found) == sorted([first["VersionId"], "null"])
    s3.delete_object(Bucket=versioned, Key="k")
    left = s3.list_object_versions(Bucket=versioned)
    assert [v["VersionId"] for v in left["Versions"]] == [first["VersionId"]]
    assert [v["VersionId"] for v in left["DeleteMarkers"]] == ["null"]
