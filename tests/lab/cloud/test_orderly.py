"""One request at a time for the services whose conditions people build on, and no others."""

import io
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from infctl.lab.cloud.additions.orderly import Orderly


class Meeting:
    """An application that sees whether two requests are inside at once."""

    def __init__(self) -> None:
        self.inside, self.met = 0, threading.Event()
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], _: Any) -> Iterable[bytes]:
        self.inside += 1
        if self.inside == 2:
            self.met.set()
        self.met.wait(0.2)
        self.bodies.append(environ["wsgi.input"].read())
        self.inside -= 1
        return []


def request(service: str, body: io.RawIOBase | io.BytesIO, length: str) -> dict[str, Any]:
    scope = f"AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/{service}/aws4_request, x=y"
    environ = {"PATH_INFO": "/", "HTTP_AUTHORIZATION": scope, "wsgi.input": body}
    return {**environ, "CONTENT_LENGTH": length}


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("dynamodb", "dynamodb", False),
        ("s3", "s3", False),
        ("route53", "route53", False),
        ("dynamodb", "s3", True),
        ("sqs", "sqs", True),
    ],
)
def test_requests_meet_inside_only_where_they_may(first: str, second: str, meet: bool) -> None:
    application = Meeting()
    serve = Orderly(application)
    threads = [
        threading.Thread(target=serve, args=(request(name, io.BytesIO(b"xy"), "2"), None))
        for name in (first, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert application.met.is_set() is meet
    assert application.bodies == [b"xy", b"xy"]


class Slow(io.RawIOBase):
    """A body that does not come."""

    def __init__(self) -> None:
        self.asked, self.comes = threading.Event(), threading.Event()

    def read(self, size: int = -1) -> bytes:
        self.asked.set()
        self.comes.wait(5)
        return b""


def test_a_client_that_is_slow_to_send_holds_up_nobody() -> None:
    application, slow = Meeting(), Slow()
    serve = Orderly(application)
    waiting = threading.Thread(target=serve, args=(request("s3", slow, "9"), None))
    waiting.start()
    assert slow.asked.wait(5)
    serve(request("s3", io.BytesIO(b"quick"), "5"), lambda *_: None)
    assert application.bodies == [b"quick"]
    slow.comes.set()
    waiting.join(5)
