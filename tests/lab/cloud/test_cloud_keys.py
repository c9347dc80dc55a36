"""Keys of KMS, the buckets that they encrypt, and what their states forbid."""

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError
from running_cloud import wait_until

HERE, THERE = "us-east-1", "eu-west-1"
_names = itertools.count(1)


@pytest.fixture(scope="module")
def kms(running: Any) -> Any:
    return running.client("kms", HERE, at=HERE)


@pytest.fixture(scope="module")
def s3(running: Any) -> Any:
    return running.client("s3", HERE, at=HERE)


@pytest.fixture
def key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["Arn"])


def encrypted(s3: Any, key: str) -> str:
    """A bucket whose default is that key."""
    name = f"encrypted-{next(_names)}"
    s3.create_bucket(Bucket=name)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    return name


def code(refused: Any) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_a_disabled_key_encrypts_and_decrypts_nothing(kms: Any, key: str) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    for call, given in (
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**given)
        assert code(refused) == "DisabledException"
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_key_that_will_be_deleted_serves_nobody_and_cannot_be_enabled(kms: Any, key: str) -> None:
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for call, given in (
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.enable_key, {"KeyId": key}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**given)
        assert code(refused) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    kms.encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("disable_key", "KMS.DisabledException"),
        ("schedule_key_deletion", "KMS.KMSInvalidStateException"),
    ],
)
def test_a_bucket_lives_and_dies_with_its_key(
    kms: Any, s3: Any, key: str, act: str, expected: str
) -> None:
    bucket = encrypted(s3, key)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key
    more = {"PendingWindowInDays": 7} if act.startswith("schedule") else {}
    getattr(kms, act)(KeyId=key, **more)
    for call, given in (
        (s3.put_object, {"Key": "other", "Body": b"x"}),
        (s3.get_object, {"Key": "k"}),
        (s3.copy_object, {"Key": "copy", "CopySource": f"{bucket}/k"}),
        (s3.create_multipart_upload, {"Key": "parts"}),
    ):
        with pytest.raises(ClientError) as refused:
            call(Bucket=bucket, **given)
        assert code(refused) == expected
    with pytest.raises(ClientError) as refused:
        s3.head_object(Bucket=bucket, Key="k")
    assert code(refused) == "400"
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x", ServerSideEncryption="AES256")
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == b"x"


def test_a_bucket_knows_no_key_of_another_region_and_none_that_is_not_there(
    running: Any, s3: Any
) -> None:
    there = running.client("kms", THERE, at=THERE).create_key()["KeyMetadata"]["Arn"]
    for wanted in (there, "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket=encrypted(s3, wanted), Key="k", Body=b"x")
        assert code(refused) == "KMS.NotFoundException"


def test_a_replica_key_decrypts_what_its_primary_encrypted_and_has_a_state_of_its_own(
    running: Any, kms: Any
) -> None:
    there = running.client("kms", THERE, at=THERE)
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    made = kms.replicate_key(KeyId=primary, ReplicaRegion=THERE)["ReplicaKeyMetadata"]
    assert made["KeyId"] == primary
    assert made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    told = kms.describe_key(KeyId=primary)["KeyMetadata"]["MultiRegionConfiguration"]
    assert told["MultiRegionKeyType"] == "PRIMARY"
    assert [replica["Region"] for replica in told["ReplicaKeys"]] == [THERE]
    blob = kms.encrypt(KeyId=primary, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=primary)
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_only_a_primary_key_of_several_regions_can_be_replicated_and_once(
    running: Any, kms: Any, key: str
) -> None:
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=primary, ReplicaRegion=THERE)
    there = running.client("kms", THERE, at=THERE)
    for client, wanted, expected in (
        (kms, key, "UnsupportedOperationException"),
        (kms, primary, "AlreadyExistsException"),
        (there, primary, "UnsupportedOperationException"),
    ):
        with pytest.raises(ClientError) as refused:
            client.replicate_key(KeyId=wanted, ReplicaRegion=THERE)
        assert code(refused) == expected


def test_a_replica_has_no_alias_of_its_primary(running: Any, kms: Any) -> None:
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/only-here", TargetKeyId=primary)
    kms.replicate_key(KeyId=primary, ReplicaRegion=THERE)
    there = running.client("kms", THERE, at=THERE)
    assert there.list_aliases(KeyId=primary)["Aliases"] == []


def test_a_copy_is_encrypted_by_the_key_of_its_destination(
    running: Any, kms: Any, s3: Any, key: str
) -> None:
    there = running.client("s3", THERE, at=THERE)
    other = running.client("kms", THERE, at=THERE).create_key()["KeyMetadata"]["Arn"]
    source, target = encrypted(s3, key), f"encrypted-{next(_names)}"
    there.create_bucket(Bucket=target, CreateBucketConfiguration={"LocationConstraint": THERE})
    for client, bucket in ((s3, source), (there, target)):
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{target}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": other},
        },
    }
    s3.put_bucket_replication(
        Bucket=source, ReplicationConfiguration={"Role": "arn:aws:iam::1:role/r", "Rules": [rule]}
    )
    s3.put_object(Bucket=source, Key="k", Body=b"x")

    def status(bucket_key: str) -> str:
        return str(s3.head_object(Bucket=source, Key=bucket_key)["ReplicationStatus"])

    assert wait_until(lambda: status("k") == "COMPLETED", 15)
    assert there.head_object(Bucket=target, Key="k")["SSEKMSKeyId"] == other
    running.client("kms", THERE, at=THERE).disable_key(KeyId=other)
    s3.put_object(Bucket=source, Key="late", Body=b"x")
    assert wait_until(lambda: status("late") == "FAILED", 15)
