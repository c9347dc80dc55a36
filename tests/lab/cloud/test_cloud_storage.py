"""Buckets behind the fronts: each region has its own, and takes them with it."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infctl.lab import addresses


def make_bucket(running: Any, region: str, name: str, *, public: bool = False) -> Any:
    s3 = running.client("s3", region, at=region)
    more = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **({} if region == "us-east-1" else more))
    if public:
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{name}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        s3.put_bucket_policy(Bucket=name, Policy=policy)
    return s3


def anonymous(running: Any, region: str, path: str) -> int:
    """The status of a request without credentials, as health checkers send it."""
    lab = running.lab
    host = lab.edge(lab.region(region), "cloud") if region else lab.shared("cloud")
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(f"http://{host}:{addresses.CLOUD_PORT}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def test_a_public_switch_can_be_read_without_credentials_and_a_private_one_cannot(
    running: Any,
) -> None:
    s3 = make_bucket(running, "eu-west-1", "public-switches", public=True)
    private = make_bucket(running, "eu-west-1", "private-models")
    private.put_object(Bucket="private-models", Key="m", Body=b"x")
    assert anonymous(running, "eu-west-1", "/public-switches/off/us-east-1") == 404
    s3.put_object(Bucket="public-switches", Key="off/us-east-1", Body=b"{}")
    assert anonymous(running, "eu-west-1", "/public-switches/off/us-east-1") == 200
    assert anonymous(running, "", "/public-switches/off/us-east-1") == 200
    assert anonymous(running, "eu-west-1", "/private-models/m") == 403
    s3.delete_object(Bucket="public-switches", Key="off/us-east-1")
    assert anonymous(running, "eu-west-1", "/public-switches/off/us-east-1") == 404


def test_a_region_names_the_region_of_a_bucket_that_is_not_its_own(running: Any) -> None:
    make_bucket(running, "ap-south-1", "far-bucket", public=True)
    assert anonymous(running, "eu-west-1", "/far-bucket/x") == 301
    with pytest.raises(ClientError) as refused:
        running.client("s3", "eu-west-1", at="eu-west-1").get_object(Bucket="far-bucket", Key="x")
    headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] in ("ap-south-1", "eu-west-1")


def test_a_bucket_made_anew_elsewhere_is_found_there(running: Any) -> None:
    first = make_bucket(running, "ap-south-1", "moving-bucket")
    first.delete_bucket(Bucket="moving-bucket")
    second = make_bucket(running, "us-east-1", "moving-bucket")
    second.put_object(Bucket="moving-bucket", Key="k", Body=b"x")
    assert second.get_object(Bucket="moving-bucket", Key="k")["Body"].read() == b"x"


def test_large_objects_with_odd_names_pass_unchanged(running: Any) -> None:
    s3 = make_bucket(running, "ap-south-1", "large-bucket")
    body = bytes(range(256)) * 20000
    key = "a b/ü+%2F/x"
    s3.put_object(Bucket="large-bucket", Key=key, Body=body, Metadata={"who": "me"})
    assert s3.head_object(Bucket="large-bucket", Key=key)["ContentLength"] == len(body)
    found = s3.get_object(Bucket="large-bucket", Key=key)
    assert (found["Body"].read(), found["Metadata"]) == (body, {"who": "me"})
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="large-bucket", Key="a b/ü+/x")


def test_the_global_endpoint_leads_to_the_buckets_region(running: Any) -> None:
    make_bucket(running, "ap-south-1", "led-bucket").put_object(
        Bucket="led-bucket", Key="k", Body=b"x"
    )
    for region in ("ap-south-1", "us-east-1"):
        s3 = running.client("s3", region)
        assert s3.get_object(Bucket="led-bucket", Key="k")["Body"].read() == b"x"


def test_tables_belong_to_the_region_that_the_request_was_signed_for(running: Any) -> None:
    running.client("dynamodb", "eu-west-1", at="eu-west-1").create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    here = running.client("dynamodb", "ap-south-1", at="ap-south-1")
    assert here.list_tables()["TableNames"] == []
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        running.client("dynamodb", "eu-west-1", at="ap-south-1").list_tables()


def test_a_global_service_is_not_served_by_a_region(running: Any) -> None:
    with pytest.raises(ClientError, match="its endpoint is"):
        running.client("route53", at="us-east-1").list_hosted_zones()


def test_a_lost_region_takes_its_buckets_with_it_and_no_others(running: Any) -> None:
    make_bucket(running, "ap-south-1", "lost-bucket")
    make_bucket(running, "eu-west-1", "kept-bucket")
    running.stop("cloud-ap-south-1", "edge-ap-south-1")
    try:
        with pytest.raises(BotoCoreError):
            running.client("s3", "ap-south-1", at="ap-south-1").list_buckets()
        with pytest.raises(ClientError, match="503"):
            running.client("s3", "ap-south-1").head_bucket(Bucket="lost-bucket")
        running.client("s3", "eu-west-1", at="eu-west-1").head_bucket(Bucket="kept-bucket")
        running.client("s3", "eu-west-1").head_bucket(Bucket="kept-bucket")
    finally:
        running.start("cloud-ap-south-1", "edge-ap-south-1")
    running.client("s3", "ap-south-1").head_bucket(Bucket="lost-bucket")


@pytest.mark.parametrize(
    "digest",
    [
        {"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="},
        {"ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
        {"ChecksumCRC32": "AAAAAA=="},
    ],
)
def test_a_body_that_is_not_that_of_its_digest_is_refused(
    running: Any, digest: dict[str, str]
) -> None:
    s3 = running.client("s3", "us-east-1", at="us-east-1")
    s3.create_bucket(Bucket="digests")
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket="digests", Key="k", Body=b"x", **digest)
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="digests", Key="k")


def test_a_policy_that_cannot_be_read_is_refused(running: Any) -> None:
    s3 = make_bucket(running, "eu-west-1", "policed")
    for policy in ("{", "[]", "{}"):
        with pytest.raises(ClientError, match="MalformedPolicy"):
            s3.put_bucket_policy(Bucket="policed", Policy=policy)
    s3.put_object(Bucket="policed", Key="k", Body=b"x")
