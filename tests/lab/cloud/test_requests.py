"""What a request is about."""

import pytest

from infctl.lab.cloud.requests import Scope, bucket_of, changes_buckets, scope_of

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=00"
)


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({"Authorization": SIGNED}, {}, Scope("s3", "eu-west-1")),
        ({}, {}, Scope("s3", "")),
        ({"Authorization": "Bearer x"}, {}, Scope("s3", "")),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c"}, {}, Scope("s3", "")),
        (
            {},
            {"X-Amz-Credential": "AKIA%2F20261124%2Fus-east-1%2Fkms%2Faws4_request"},
            Scope("kms", "us-east-1"),
        ),
        (
            {},
            {"X-Amz-Credential": "AKIA/20261124/us-east-1/route53/aws4_request"},
            Scope("route53", "us-east-1"),
        ),
    ],
)
def test_the_scope_is_that_of_the_signature(
    headers: dict[str, str], query: dict[str, str], expected: Scope
) -> None:
    assert scope_of(headers, query) == expected


def test_route_53_is_global_and_s3_is_not() -> None:
    assert Scope("route53", "us-east-1").is_global
    assert not Scope("s3", "us-east-1").is_global


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("/vision-switches-eu-west-1/off/us-east-1", "vision-switches-eu-west-1"),
        ("/models", "models"),
        ("/models/", "models"),
        ("/a.b-c/x%2Fy", "a.b-c"),
        ("/", ""),
        ("/ab/x", ""),
        ("/UPPER/x", ""),
        ("/_infctl/ready", ""),
    ],
)
def test_the_bucket_is_the_first_part_of_the_path(path: str, bucket: str) -> None:
    assert bucket_of(path) == bucket


@pytest.mark.parametrize(
    ("method", "path", "query", "changes"),
    [
        ("PUT", "/models", "", True),
        ("DELETE", "/models/", "", True),
        ("PUT", "/models", "policy", False),
        ("PUT", "/models/key", "", False),
        ("GET", "/models", "", False),
    ],
)
def test_only_making_and_deleting_a_bucket_changes_where_it_lies(
    method: str, path: str, query: str, changes: bool
) -> None:
    assert changes_buckets(method, path, query) is changes
