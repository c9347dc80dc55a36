"""The fronts' own paths, and what they make of what nobody should send."""

import http.client
from typing import Any

import pytest

from infctl.lab import addresses

REGION = "eu-west-1"


def ask(
    running: Any, method: str, path: str, body: bytes = b"", *, at: str = ""
) -> tuple[int, bytes]:
    lab = running.lab
    host = lab.edge(lab.region(at), "cloud") if at else lab.shared("cloud")
    connection = http.client.HTTPConnection(host, addresses.CLOUD_PORT, timeout=10)
    connection.request(method, path, body or None)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize(
    ("method", "path", "body", "at", "status"),
    [
        ("GET", "/_infctl/replication", b"", REGION, 200),
        ("GET", "/_infctl/notices", b"", "", 200),
        ("PUT", "/_infctl/replication", b"\xff{", "", 400),
        ("PUT", "/_infctl/replication", b"[" * 2000, "", 400),
        ("PUT", "/_infctl/replication", b'{"delay": {}}', "", 400),
        ("PUT", "/_infctl/replication", b'{"delay": 1e999}', "", 400),
        ("PUT", "/_infctl/replication", b"", "", 400),
        ("GET", "/_infctl/work", b"", "", 404),
        ("GET", "/_infctl/work", b"", REGION, 404),
        ("POST", "/_infctl/copies", b'{"copies": [1]}', "", 404),
        ("POST", "/_infctl/copies", b'{"copies": [1]}', REGION, 421),
        ("POST", f"/_infctl/copies?region={REGION}", b'{"copies": ["x"]}', REGION, 400),
        ("POST", f"/_infctl/copies?region={REGION}", b"{}", REGION, 400),
        ("POST", f"/_infctl/copies?region={REGION}", b'{"copies": [999999]}', REGION, 200),
        ("GET", "/_infctl/inbox/" + "a" * 65, b"", "", 404),
        ("GET", "/_infctl/inbox/..%2f..%2fx", b"", "", 404),
        ("GET", "/_infctl/inbox/nobody-wrote", b"", "", 200),
        ("POST", "/_infctl/inbox/large", b"x" * 400_001, "", 413),
        ("GET", "/_infctl/inbox/box", b"", REGION, 404),
        ("DELETE", "/_infctl/inbox/none", b"", "", 204),
    ],
)
def test_a_path_answers_what_it_should_and_never_breaks(
    running: Any, method: str, path: str, body: bytes, at: str, status: int
) -> None:
    found, said = ask(running, method, path, body, at=at)
    assert found == status, said
    assert b"Traceback" not in said


@pytest.mark.parametrize(
    ("service", "path", "headers", "body"),
    [
        ("kms", "/", {"X-Amz-Target": "TrentService.Encrypt"}, b"x"),
        ("dynamodb", "/", {"X-Amz-Target": "DynamoDB_20120810.PutItem"}, b"{}"),
        ("sns", "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=Publish"),
        ("route53", "/2013-04-01/hostedzone", {}, b"<x"),
    ],
)
def test_what_moto_cannot_read_is_said_as_the_service_would(
    running: Any, service: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    scope = f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request, x=y"
    host = running.lab.shared("cloud")
    connection = http.client.HTTPConnection(host, addresses.CLOUD_PORT, timeout=10)
    connection.request("POST", path, body, {"Authorization": scope, **headers})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status in (400, 500)
    assert b"<html" not in said
    assert b"InternalFailure" in said or answer.status == 400


@pytest.mark.parametrize("what", ["replication", "tagging", "lifecycle", "encryption"])
@pytest.mark.parametrize("body", [b"x", b"<a/>", b"\xff\x00"])
def test_a_document_that_s3_cannot_read_is_malformed(running: Any, what: str, body: bytes) -> None:
    running.client("s3").create_bucket(Bucket="documents")
    scope = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, x=y"
    host = running.lab.shared("cloud")
    connection = http.client.HTTPConnection(host, addresses.CLOUD_PORT, timeout=10)
    connection.request("PUT", f"/documents?{what}", body, {"Authorization": scope})
    answer = connection.getresponse()
    assert answer.status == 400, answer.read()
    connection.close()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no document",
        b"[]",
        b'{"SubscribeURL": 1}',
        b'{"SubscribeURL": "http://192.0.2.1/"}',
        b'{"SubscribeURL": "file:///etc/passwd"}',
    ],
)
def test_a_box_confirms_nothing_but_addresses_of_this_machine(running: Any, text: bytes) -> None:
    lab = running.lab
    connection = http.client.HTTPConnection(lab.shared("cloud"), addresses.CLOUD_PORT, timeout=10)
    headers = {"x-amz-sns-message-type": "SubscriptionConfirmation"}
    connection.request("POST", "/_infctl/inbox/forged", text, headers)
    assert connection.getresponse().status == 502
    connection.close()
